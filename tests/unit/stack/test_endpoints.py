"""A server that others run is reached with whatever user and password it has."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from amtsweg.stack.endpoints import PostgresEndpoint, postgres


@given(st.text(min_size=1), st.text(min_size=1))
def test_any_user_and_password_survives_the_url(user: str, password: str) -> None:
    url = urlsplit(PostgresEndpoint(host="db", port=5432, user=user, password=password).url("amtsweg"))
    assert (unquote(url.username or ""), unquote(url.password or "")) == (user, password)
    assert (url.hostname, url.port, url.path) == ("db", 5432, "/amtsweg")


def test_a_password_from_a_file_is_taken_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("p%40:/@\n")
    named = {
        "AMTSWEG_POSTGRES_URL": "postgresql://admin@db/postgres?sslmode=verify-full",
        "AMTSWEG_POSTGRES_PASSWORD_FILE": str(file),
    }
    endpoint = postgres(named)
    assert endpoint is not None
    assert endpoint.password == "p%40:/@"
