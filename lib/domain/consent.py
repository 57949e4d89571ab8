"""What people agree to before they give us personal data (个人信息保护法 第十三、十四、十七、四十四至五十条).

Whoever changes the text changes VERSION and DATE: then everybody is asked again.
"""

from datetime import date
from typing import Final

VERSION: Final = "1.0"
DATE: Final = date(2026, 11, 25)
TITLE: Final = "个人信息处理说明"

TEXT: Final[tuple[tuple[str, str], ...]] = (
    ("谁来处理", "本平台的运营单位，即部署和管理本平台的主管部门；管理员的联系方式向所在盟市主管部门查询。"),
    ("为了什么", "办理账号、审核提交、对接联系、记录操作。不用于营销，不自动决定任何事项。"),
    (
        "处理哪些",
        "登录名、姓名、所属单位；选填的电话；提交时填写的联系人、电话、邮箱；登录时间、网络地址和浏览器名称。"
        "密码只保存不能还原的校验值。不收集身份证号、位置、通讯录等其他信息。",
    ),
    (
        "依据什么",
        "您的同意（个人信息保护法第十三条第一款第一项）；主管部门办理审核等法定职责所必需的，依第三项。"
        "您可以随时撤回同意，撤回前的处理仍然有效。",
    ),
    (
        "谁能看到",
        "联系方式默认不公开，只有审核人员和您授权的人可以查看，每次查看都记录在案。公开的记录里只有您选定公开的内容。"
        "不向境外提供，不转让给他人。",
    ),
    (
        "保存多久",
        "账号存在期间保存；注销后立即删除或匿名处理。操作记录依网络安全法至少保存六个月，其中不含联系方式。",
    ),
    (
        "您的权利",
        "在「我的账号」可以查阅、导出、更正、删除自己的信息，撤回同意，注销账号（第四十四至五十条）。"
        "办不到的，可以向主管部门说明要求并得到答复。不同意也可以浏览、检索和凭回执提交。",
    ),
)
"""Heading and sentence, in the order they are shown."""

AGREE: Final = f"我已阅读并同意《{TITLE}》（{VERSION} 版，{DATE}）"
