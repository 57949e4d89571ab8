"""Settings of one process, read once from the environment; no other module reads it."""

from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
"""The checkout: what `pages/`, `data/` and `lib/` stand in."""


class Settings(BaseSettings):
    """Every setting of the product, with its default for a laptop without a network."""

    model_config = SettingsConfigDict(extra="ignore")

    database_url: str = Field(
        default=f"sqlite:///{ROOT / 'data' / 'var' / 'beijiang.db'}",
        description="SQLAlchemy address of the shared database: sqlite:///FILE or postgresql+psycopg://…",
    )
    host: str = Field(default="127.0.0.1", description="Address the server listens on.")
    port: int = Field(default=8501, ge=0, le=65535, description="Port the server listens on.")
    public_url: str = Field(
        default="",
        pattern=r"^(https?://[^/\s]+/?)?$",
        description="Address people use, such as https://tt.example.gov.cn; behind TLS it makes cookies Secure.",
    )
    allowed_hosts: str = Field(
        default="localhost,127.0.0.1,[::1]",
        description="Host names, comma separated, that requests may name; the host of PUBLIC_URL is added.",
    )
    geo_dir: Path = Field(default=ROOT / "data" / "geo", description="Folder of the boundary files and divisions.")
    public_dir: Path = Field(default=ROOT / "data" / "public", description="Folder of the public facts (CSV).")
    clauses_file: Path = Field(
        default=ROOT / "data" / "policy_clauses.csv", description="The clauses of the region's plan (CSV)."
    )
    attachments_dir: Path = Field(
        default=ROOT / "data" / "var" / "attachments", description="Folder of uploaded files; nothing serves it."
    )
    attachment_quota_mb: int = Field(default=100, ge=1, description="Megabytes of attachments an account may keep.")
    log_level: str = Field(default="INFO", description="Level of the log on standard error.")
    session_idle_minutes: int = Field(default=30, ge=1, description="A login unused for so long ends.")
    session_hours: int = Field(default=12, ge=1, description="A login ends after so long in any case.")
    login_failures: int = Field(
        default=20, ge=1, description="Failed logins from one address in five minutes before it must wait."
    )
    login_failures_all: int = Field(
        default=1000, ge=1, description="Failed logins from everywhere in five minutes before everybody must wait."
    )
    registrations: int = Field(default=30, ge=1, description="Registrations tried from one address in an hour.")
    oidc_issuer: str = Field(
        default="",
        pattern=r"^(https://[^\s?#]+|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?[^\s?#]*)?$",
        description="Issuer of the OpenID Connect provider people may log in with; blank: there is none.",
    )
    oidc_client_id: str = Field(default="", description="What the provider knows this product as.")
    oidc_client_secret: SecretStr = Field(default=SecretStr(""), description="The product's secret at the provider.")
    oidc_name: str = Field(default="统一身份认证", max_length=20, description="The provider's name on the screen.")
    connections: int = Field(default=400, ge=1, description="Open pages at one time, over all addresses.")
    connections_per_address: int = Field(
        default=60, ge=1, description="Open pages at one time from one address; a loopback address is not limited."
    )
    followers: int = Field(default=1000, ge=1, description="Phones that may follow stages at one time.")
    handshakes_per_minute: int = Field(
        default=240, ge=1, description="New pages a minute from one address; a loopback address is not limited."
    )

    @property
    def secure(self) -> bool:
        """True when people reach the product over TLS."""
        return self.public_url.startswith("https://")

    @property
    def session_cookie(self) -> str:
        """Name of the cookie that points to a login; the browser itself guards the `__Host-` prefix over TLS."""
        return "__Host-bj" if self.secure else "bj"

    @property
    def browser_cookie(self) -> str:
        """Name of the cookie that tells one browser from another, so that nobody else can resume its pages."""
        return "__Host-bj-browser" if self.secure else "bj-browser"

    @property
    def provider_cookie(self) -> str:
        """Name of the cookie that remembers a login in progress at the identity provider."""
        return "__Host-bj-login" if self.secure else "bj-login"

    @property
    def oidc(self) -> bool:
        """True when an identity provider is configured."""
        return bool(self.oidc_issuer and self.oidc_client_id and self.oidc_client_secret.get_secret_value())

    @property
    def hosts(self) -> frozenset[str]:
        """Host names that requests may name, lower case, without ports."""
        named = {host.strip().lower() for host in self.allowed_hosts.split(",")} - {""}
        public = urlsplit(self.public_url).hostname or ""
        return frozenset(named | {f"[{public}]" if ":" in public else public} - {""})

    @property
    def origin(self) -> str:
        """Scheme and host of PUBLIC_URL, blank without one."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}".lower() if parts.netloc else ""


@lru_cache
def settings() -> Settings:
    """The settings of this process; `settings.cache_clear()` re-reads the environment (tests)."""
    return Settings()
