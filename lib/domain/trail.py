"""The words of the audit trail: what was done, to what, and what the details of an entry say."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from lib.domain.access import Role
from lib.domain.vocabulary import ClaimState, Decision, EventState, FieldLevel, SubmissionKind, SubmissionState

ACTIONS: Final[dict[str, str]] = {
    "submission.create": "提交",
    "submission.resubmit": "改后重新提交",
    "submission.publish": "审核发布",
    "submission.return": "退回整改",
    "submission.decline": "不予发布",
    "submission.withdraw": "撤回",
    "submission.expire": "到期下架",
    "submission.renew": "续期",
    "submission.archive": "归档",
    "submission.assign": "指派审核人",
    "submission.adopt": "把提交归入账号",
    "bulk.submit": "批量提交",
    "draft.prune": "清理过期草稿",
    "marking.refuse": "拒收带密级标志的文字",
    "contact.view": "查看联系方式",
    "field.view": "查看授权内容",
    "access.request": "申请查看",
    "access.withdraw": "撤回申请",
    "access.grant": "同意查看",
    "access.decline": "不同意查看",
    "access.revoke": "收回授权",
    "match.confirm": "确认对接",
    "match.refuse": "排除对接",
    "attachment.add": "上传附件",
    "attachment.open": "下载附件",
    "attachment.remove": "删除附件",
    "attachment.sweep": "清理附件",
    "attachment.refuse": "拒收附件",
    "login": "登录",
    "login.refused": "登录被拒",
    "login.end": "结束登录",
    "logout": "退出",
    "account.register": "注册",
    "account.claim": "申请加入单位",
    "account.approve": "通过单位申请",
    "account.decline": "不通过单位申请",
    "account.create": "创建账号",
    "account.assign": "改身份或辖区",
    "account.enable": "启用账号",
    "account.disable": "停用账号",
    "account.password": "改密码",
    "account.reset_link": "发重置密码链接",
    "account.reset": "用链接重置密码",
    "account.correct": "改个人信息",
    "account.consent": "同意个人信息说明",
    "account.export": "导出个人数据",
    "account.erase": "注销账号",
    "identity.link": "关联统一身份",
    "identity.unlink": "解除统一身份",
    "invitation.create": "发邀请",
    "invitation.accept": "接受邀请",
    "invitation.revoke": "作废邀请",
    "feed.key": "换订阅地址",
    "search.save": "保存搜索",
    "search.rename": "改保存的搜索的名称",
    "search.remove": "删除保存的搜索",
    "audit.export": "导出操作记录",
    "access.refused": "越权被拒",
    "data.load": "装入公开数据",
    "data.import": "导入表格",
    "data.export": "导出全部数据",
    "data.backup": "备份",
    "data.restore": "恢复",
    "attendee.register": "报名观摩",
    "attendee.cancel": "取消观摩报名",
    "attendee.check_in": "签到",
    "attendee.check_out": "撤销签到",
    "attendee.export": "导出观众名单",
    "attendee.erase": "清除到期的观众信息",
    "interest.leave": "留下意向",
    "interest.erase": "清除到期的意向联系方式",
    "question.state": "处理现场提问",
    "stage.take": "上台放映",
    "thread.take": "接手跟进",
    "thread.hand": "转交跟进",
    "thread.step": "记录跟进",
    "thread.export": "导出对接跟进",
    "event.create": "新建活动",
    "event.edit": "改活动",
    "event.publish": "公布活动",
    "event.cancel": "取消活动",
    "event.remove": "删除活动草稿",
    "programme.add": "加入议程",
    "programme.edit": "改议程",
    "programme.move": "调整议程次序",
    "programme.remove": "移出议程",
    "programme.publish": "公布议程",
    "jury.criteria": "定评分标准",
    "jury.appoint": "设评委",
    "jury.renew": "换评分码",
    "jury.switch": "停用或启用评委",
    "jury.score": "评委打分",
    "jury.freeze": "冻结评审结果",
    "jury.unfreeze": "重新开放打分",
    "jury.publish": "公布评审结果",
    "node.create": "新增网络节点",
    "node.edit": "改网络节点",
    "node.verify": "核实网络节点",
    "link.create": "新增网络链路",
    "link.edit": "改网络链路",
    "link.verify": "核实网络链路",
    "member.move": "改常设市场归属",
    "demo.create": "生成演示数据",
    "demo.clear": "清除演示数据",
    "data.rollup": "重算合同汇总",
}
"""Every action that is recorded; a test keeps the list whole."""

OBJECTS: Final[dict[str, str]] = {
    "submission": "提交",
    "draft": "草稿",
    "form": "表单",
    "bulk": "批量文件",
    "achievement": "成果",
    "demand": "需求",
    "event_item": "参加项目",
    "event": "活动",
    "attendee": "观众",
    "interest": "意向",
    "question": "提问",
    "thread": "对接线索",
    "organization": "机构",
    "account": "账号",
    "invitation": "邀请",
    "access_request": "查看申请",
    "attachment": "附件",
    "audit": "操作记录",
    "search": "保存的搜索",
    "page": "页面",
    "contract": "合同",
    "network_node": "网络节点",
    "network_link": "网络链路",
    "market_member": "常设市场归属",
    "dataset": "数据集",
}
"""What an action is done to."""

BLANK: Final = "（空）"
OUTCOMES: Final[dict[str, str]] = {"done": "完成", "refused": "被拒"}

PUBLIC_STEPS: Final[dict[str, str]] = {
    "submission.create": "提交",
    "submission.resubmit": "改后重新提交",
    "submission.publish": "审核发布",
    "submission.renew": "续期",
    "submission.expire": "到期下架",
}
"""What everybody may know of a published record's way, with the day it happened and nothing else."""

_DETAILS: Final[dict[str, str]] = {
    "receipt": "回执号",
    "kind": "类别",
    "state": "状态",
    "comment": "意见",
    "decision": "对接",
    "changes": "改动",
    "changed": "改动的项",
    "fields": "涉及的项",
    "names": "涉及的项",
    "before": "之前",
    "after": "之后",
    "revises": "修订",
    "replaced_by": "被替代为",
    "valid_until": "有效期止",
    "days": "授权天数",
    "assignee": "审核人账号",
    "asker": "申请人账号",
    "record": "记录",
    "role": "身份",
    "scope": "辖区",
    "organization": "单位",
    "events": "活动",
    "level": "公开范围",
    "size": "字节",
    "sha256": "校验值",
    "file": "文件",
    "files": "文件",
    "imported": "新增",
    "updated": "更新",
    "unchanged": "未变",
    "rejected": "未通过",
    "taken": "已提交",
    "repeated": "重复",
    "rows": "行数",
    "manifest": "清单校验值",
    "head": "操作记录末尾",
    "faults": "不符之处",
    "seed": "种子",
    "method": "方式",
    "locked": "锁定中",
    "active": "启用",
    "judge": "评委",
    "issuer": "身份提供方",
    "issuers": "身份提供方",
    "consent": "说明版本",
    "version": "版本",
    "ended": "结束的登录数",
    "removed": "清理数",
    "withdrawn": "撤回数",
    "rules": "规则",
    "lengths": "字数",
    "permission": "需要的权限",
    "filters": "筛选条件",
    "title": "名称",
    "unit": "单位",
    "description": "需求描述",
    "summary": "成果简介",
    "indicators": "技术指标",
    "field": "技术领域",
    "league": "盟市",
    "banner": "旗县",
    "keywords": "关键词",
    "budget": "预算",
    "price": "意向价格",
    "demand_class": "需求类别",
    "cooperation_mode": "合作方式",
    "valid_from": "有效期起",
    "credit_code": "统一社会信用代码",
    "wanted": "意向合作单位或专家",
    "achievement_class": "成果类别",
    "trl": "技术成熟度",
    "stage": "所处阶段",
    "rights": "知识产权",
    "value": "一句话价值",
    "problem": "解决的问题",
    "application": "应用场景",
    "comparison": "对比基准",
    "trl_scheme": "成熟度依据",
    "trl_judge": "成熟度由谁判定",
    "trl_evidence": "成熟度证据",
    "shares": "权益份额",
    "pricing_mode": "定价方式",
    "steps": "走到哪一步",
    "public_good": "公益性",
    "tried": "试过的办法",
    "acceptance": "验收标准",
    "deadline": "希望完成日期",
    "achievement_id": "展示的成果",
    "transfer_mode": "拟转化方式",
    "completer": "第一完成人",
    "other_units": "合作单位",
    "award": "获奖情况或课题来源",
    "year": "完成年份",
    "technology": "核心技术与知识产权",
    "cooperation": "合作需求",
    "presenter": "路演人",
    "source": "项目来源",
    "direction": "方向",
    "name": "姓名",
    "phone": "电话",
    "contact": "联系方式",
    "contact_name": "联系人",
    "contact_phone": "联系电话",
    "contact_email": "邮箱",
    "floor_price": "底价",
    "formula": "配方与关键参数",
    "financing": "融资需求",
    "team": "团队",
    "market": "市场与商业模式",
    "advantage": "竞争优势",
    "forecast": "财务预测",
    "video_url": "视频地址",
    "event_id": "活动",
    "item": "参加项目",
    "number": "第几版",
    "format": "举办形式",
    "venue": "地点",
    "city": "城市",
    "stream_url": "直播地址",
    "organizer": "主办单位",
    "co_organizers": "协办、支持单位",
    "partner": "合作地区",
    "capacity": "观众人数上限",
    "registration_opens": "报名开始",
    "registration_closes": "报名截止",
    "introduction": "活动介绍",
    "starts_at": "开始时间",
    "ends_at": "结束时间",
    "held_on": "日期",
    "held_precision": "日期精度",
    "league_code": "盟市",
    "banner_code": "旗县",
    "ip": "知识产权编号",
    "staff": "人员数",
    "opened_on": "启用日期",
    "last_report_on": "最近上报",
    "verified_on": "核实日期",
    "source_publisher": "来源",
    "source_date": "来源日期",
    "source_precision": "来源日期精度",
    "source_url": "来源网址",
    "zone": "常设市场",
    "note": "说明",
}
_VALUES: Final[dict[str, dict[str, str]]] = {
    "state": {state.value: state.label for state in (EventState.CANCELLED, *SubmissionState, *ClaimState)},
    "role": {role.value: role.label for role in Role},
    "kind": {"organization": "机构"} | {kind.value: kind.label for kind in SubmissionKind},
    "level": {level.value: level.label for level in FieldLevel},
    "decision": {decision.value: decision.label for decision in Decision},
    "method": {"password": "密码", "oidc": "统一身份"},
}
_PLACED: Final = frozenset({"league", "banner", "scope"})
_NOWHERE: Final[Mapping[str, str]] = MappingProxyType({})
_NAMED: Final = frozenset({"fields", "names", "changed"})
"""Details that list names of fields."""
_PAIRED: Final = frozenset({"state", "role", "decision", "valid_until", "scope", "organization"})
"""Details whose two values are before and after."""

Change = tuple[str, str, str]
"""What changed, before and after, in words."""


def action_label(action: str) -> str:
    """The words for an action; its code where there are none."""
    return ACTIONS.get(action, action)


def object_label(kind: str) -> str:
    """The words for a kind of object; its code where there are none."""
    return OBJECTS.get(kind, kind)


def role_label(role: str) -> str:
    """The words for a role; blank for entries made before roles were kept."""
    return _VALUES["role"].get(role, role)


def detail_label(name: str) -> str:
    """The words for the name of a detail; its code where there are none."""
    return _DETAILS.get(name) or OBJECTS.get(name, name)


def told(name: str, value: Any, places: Mapping[str, str] = _NOWHERE) -> str:
    """A value in words: blank reads （空）, lists are joined, `places` names the codes of divisions."""
    if value is None or value in ("", [], {}):
        return BLANK
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(detail_label(str(item)) if name in _NAMED else told(name, item, places) for item in value)
    if isinstance(value, dict):
        return "；".join(f"{detail_label(key)} {told(key, item, places)}" for key, item in value.items())
    words = places if name in _PLACED else _VALUES.get(name, _NOWHERE)
    return words.get(str(value), str(value))


def changes(detail: Mapping[str, Any], places: Mapping[str, str] = _NOWHERE) -> list[Change]:
    """What changed, in the three ways in which details say it: `changes`, `before` and `after`, or a pair."""
    pairs: dict[str, tuple[Any, Any]] = {}
    for name, value in _mapping(detail.get("changes")).items():
        pairs[name] = (value[0], value[1]) if _is_pair(value) else (None, value)
    before, after = _mapping(detail.get("before")), _mapping(detail.get("after"))
    pairs |= {n: (before.get(n), after.get(n)) for n in (before | after) if before.get(n) != after.get(n)}
    pairs |= {name: tuple(detail[name]) for name in detail if name in _PAIRED and _is_pair(detail[name])}
    return [(detail_label(n), told(n, was, places), told(n, now, places)) for n, (was, now) in pairs.items()]


def rest(detail: Mapping[str, Any], places: Mapping[str, str] = _NOWHERE) -> list[tuple[str, str]]:
    """The other details that are not blank, label and value."""
    return [
        (detail_label(name), told(name, value, places))
        for name, value in detail.items()
        if name != "changes"
        and value not in (None, "", [], {})
        and not (name in {"before", "after"} and isinstance(value, dict))
        and not (name in _PAIRED and _is_pair(value))
    ]


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2
