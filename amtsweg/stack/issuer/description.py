"""What the local issuer is told: one JSON file, its clients and its sample persons."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=True)


class SamplePerson(_Told):
    """A person who may sign in; `authorities` for clerks, `does` is for the list to choose from."""

    id: str
    name: str
    does: str
    authorities: tuple[str, ...] = ()


class IssuerClient(_Told):
    """A page where people sign in: its secret, and the addresses to which it may be led back."""

    secret: str
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...]


class IssuerDescription(_Told):
    host: str
    port: int
    persons: tuple[SamplePerson, ...]
    clients: dict[str, IssuerClient]

    @property
    def issuer(self) -> str:
        return f"http://{self.host}:{self.port}"


PERSONS: tuple[SamplePerson, ...] = (
    SamplePerson(
        id="sachbearbeitung-1",
        name="Erika Mustermann",
        does="Sachbearbeitung, Stadt Gießen",
        authorities=("g-06531005",),
    ),
    SamplePerson(
        id="sachbearbeitung-2",
        name="Max Mustermann",
        does="Sachbearbeitung, Landkreis Gießen und Stadt Hungen",
        authorities=("k-06531", "g-06531008"),
    ),
    SamplePerson(id="klaerung-1", name="Robin Klar", does="Klärungsstelle"),
    SamplePerson(id="betrieb-1", name="Toni Betrieb", does="Betrieb"),
    SamplePerson(id="niemand-1", name="Kim Niemand", does="ohne jedes Recht"),
)
"""The persons of the local stack, as numbers: what they do stands on record beside their id."""
