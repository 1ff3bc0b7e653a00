"""What a person can correct, in one sentence: a wrong file, a wrong value, a server that is away. Never a traceback."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.error import URLError

from pydantic import ValidationError

from amtsweg.exit_status import ANSWERED_NO, MISTAKE, UNDECIDED
from amtsweg.input_words import of_file, refused_words, told_by
from amtsweg.interruption import if_interrupted, stopped
from amtsweg.language import said
from amtsweg.named_file import WrongFile
from amtsweg.servers_asked import asking_nobody, not_reached
from amtsweg.stack.errors import StackError
from amtsweg.terminal import ended
from amtsweg.usage_errors import UsageError, wrong_use
from services.audit.domain.proof_refused import ProofRefused
from shared.errors import Stopped, Unavailable


@contextmanager
def explained() -> Iterator[None]:
    """Turn what a person can correct into a sentence and an exit status; anything else stays an error of ours."""
    asking_nobody()
    try:
        with if_interrupted(stopped):
            yield
    except BrokenPipeError:
        raise  # whoever reads has enough, as `head` does: no mistake, and nothing to say
    except (Unavailable, Stopped, ConnectionError, TimeoutError, URLError) as error:
        raise ended(_away(error), UNDECIDED) from error
    except ProofRefused as refused:
        raise ended(refused_words(refused), ANSWERED_NO) from refused
    except (UsageError, StackError, ValueError, OSError) as error:
        raise ended(_mistaken(error), error.status if isinstance(error, StackError) else MISTAKE) from error
    except Exception as error:
        if not _of_kafka(error):
            raise
        raise ended(_away(error), UNDECIDED) from error


def _mistaken(error: Exception) -> str:
    match error:
        case UsageError():
            told = wrong_use(error)
        case StackError() | WrongFile():
            told = str(error)
        case ValidationError():
            told = _invalid(error)
        case UnicodeDecodeError():
            text = said(de="Die Datei ist kein Text in UTF-8", en="the file is not text in UTF-8")
            told = f"{text} (Byte {error.start})"
        case json.JSONDecodeError():
            text = said(de="Die Datei ist kein JSON", en="the file is not JSON")
            told = f"{text}: {error.msg} ({error.lineno}:{error.colno})"
        case OSError():
            told = of_file(error)
        case _:
            told = said(de=f"Ungültige Angabe: `{error}`", en=f"invalid value: {error}")
    return told


def _of_kafka(error: Exception) -> bool:
    """Whether a Kafka client says so; a command that asks no Kafka does not load one."""
    client = sys.modules.get("aiokafka.errors")
    return client is not None and isinstance(error, client.KafkaError)


def _away(error: Exception) -> str:
    return told_by(error) if isinstance(error, Stopped) else not_reached(error)


def _invalid(error: ValidationError) -> str:
    """Place and fault of each wrong value, never the value."""
    places = [f"{'.'.join(map(str, fault['loc'])) or '-'}: {fault['msg']}" for fault in error.errors()[:20]]
    return said(de="Ungültige Angaben: ", en="invalid values: ") + "; ".join(places)
