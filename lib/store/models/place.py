"""自治区, 盟市, 旗县."""

from sqlalchemy import Float, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from lib.domain.vocabulary import Level
from lib.store.models.base import Base, one_of


class Division(Base):
    """One administrative division: 1 region, 12 leagues, 103 banners (GB/T 2260 codes)."""

    __tablename__ = "division"
    __table_args__ = (one_of("level", [level.value for level in Level]),)

    code: Mapped[str] = mapped_column(String(6), primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    short_name: Mapped[str] = mapped_column(String(20))
    level: Mapped[str] = mapped_column(String(6), index=True)
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("division.code"), index=True)
    zone: Mapped[str] = mapped_column(String(4), comment="东部, 中部, 西部: customary, not in the plan")
    kind: Mapped[str] = mapped_column(String(8))
    lon: Mapped[float] = mapped_column(Float)
    lat: Mapped[float] = mapped_column(Float)
    seat_lon: Mapped[float] = mapped_column(Float)
    seat_lat: Mapped[float] = mapped_column(Float)
