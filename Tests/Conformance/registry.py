"""What a test is: a function with a name, the section of the specification that it is about, and who can run it."""

import dataclasses
import typing


class Failure(Exception):
    """What was expected and did not come."""


class Skip(Exception):
    """Why a test cannot tell anything here."""


@dataclasses.dataclass(frozen=True)
class Test:
    name: str
    section: str
    says: str
    users: tuple
    body: typing.Callable


TESTS = {}


def test(section, says, users=("root", "rootless"), name=None):
    """Registers a test of `section` ("config.md, Process"); `says` is the rule in one sentence."""

    def register(body):
        title = (name or body.__name__).replace("_", "-")
        if title in TESTS:
            raise ValueError(f"two tests are called {title}")
        TESTS[title] = Test(title, section, says, tuple(users), body)
        return body

    return register


def expect(condition, sentence):
    if not condition:
        raise Failure(sentence)


def equal(found, wanted, what):
    if found != wanted:
        raise Failure(f"{what}: {found!r} instead of {wanted!r}")
