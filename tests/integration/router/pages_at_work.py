"""A page as it is deployed: a process of the router that knows an issuer, and a person who signs in."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import Literal

import httpx

from amtsweg.stack import ports
from amtsweg.stack.issuer.description import PERSONS, SamplePerson
from amtsweg.stack.issuer.part import IssuerPart
from amtsweg.stack.service import ServiceProcess
from amtsweg.stack.services import PAGES, environments
from tests.integration.router.conftest import Ground, running

PageProcess = Literal["doors", "desk"]


@contextmanager
def serving_page(
    ground: Ground, process: PageProcess, *, persons: Sequence[SamplePerson] = PERSONS
) -> Iterator[str]:
    """The address of one that knows an issuer, while the block runs; it needs the router and intake."""
    port, issuer_port = ports.free_port(), ports.free_port()
    own = f"http://{ports.LOOPBACK}:{port}"
    var = ground.surroundings.var / f"{process}-page-{port}"
    issuer = IssuerPart(
        var=var,
        port=issuer_port,
        secrets=ground.made.sign_in_secrets,
        urls=dict.fromkeys(PAGES, own),
        persons=persons,
    )
    environment = environments(ground.surroundings)[process] | {
        "AMTSWEG_HTTP__PORT": str(port),
        "AMTSWEG_INSTANCE": "7",
        "AMTSWEG_SIGN_IN__ISSUER": issuer.url,
        "AMTSWEG_SIGN_IN__CLIENT_ID": process,
        "AMTSWEG_SIGN_IN__CLIENT_SECRET_FILE": str(ground.made.keys.sign_in(process)),
        "AMTSWEG_SIGN_IN__PUBLIC_URL": own,
    }
    with ExitStack() as started:
        issuer.start()
        started.callback(issuer.stop)
        started.enter_context(running(ServiceProcess(process, var=var, environment=environment, port=port)))
        yield own


@asynccontextmanager
async def signed_in(address: str, process: PageProcess, person: str) -> AsyncIterator[httpx.AsyncClient]:
    """This person's browser, at the page of this process."""
    page = PAGES[process]
    async with httpx.AsyncClient(base_url=address, timeout=30) as browser:
        asked = await browser.get(f"{page}/sign-in")
        chosen = asked.headers["location"].replace("/authorize?", f"/chosen?person={person}&")
        back = await browser.get(chosen)
        assert (await browser.get(back.headers["location"])).headers["location"] == f"{page}/"
        told = (await browser.get(f"{page}/session")).raise_for_status().json()
        browser.headers["Amtsweg-Csrf"] = told["csrf"]
        yield browser
