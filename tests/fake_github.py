"""GitHub's API on a port of 127.0.0.1, as far as this repo calls it: REST by hand, GraphQL by GitHub's own schema."""

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from graphql import GraphQLError, build_schema, graphql_sync

from tests.background_server import answering

REPOSITORY = "octo/yard"
BOT = {"__typename": "Bot", "login": "github-actions"}
PREVIEW = ".github/workflows/preview.yml"
_LONGEST_BODY = 65_536
_SCHEMA = build_schema((Path(__file__).parent / "github.graphql").read_text())


@dataclass
class Comment:
    """One of a pull request; `author` as GraphQL names it."""

    database_id: int
    body: str
    author: dict[str, str]
    is_minimized: bool = False
    reason: str | None = None

    @property
    def node(self) -> str:
        return f"IC_{self.database_id}"

    def as_graphql(self) -> dict[str, Any]:
        return {
            "__typename": "IssueComment",
            "id": self.node,
            "databaseId": self.database_id,
            "body": self.body,
            "author": self.author,
            "isMinimized": self.is_minimized,
            "minimizedReason": self.reason,
        }


@dataclass
class Pull:
    """A pull request to the default branch unless `base` says otherwise; `fork` is None once that is deleted."""

    number: int
    head: str
    branch: str = "change"
    fork: str | None = REPOSITORY
    base: str = "main"
    state: str = "OPEN"
    comments: list[Comment] = field(default_factory=list)

    @property
    def node(self) -> str:
        return f"PR_{self.number}"


class FakeGitHub:
    """The state of one repository, and the server of its API.

    Attributes:
        faults: Answers for the next requests instead of the right ones: status, headers, body.
        lost: Names of mutations whose next call takes effect, and is answered with 502.
        before: What happens just before a mutation, by its name; each happens once.
        requests: Method and path of each request; for GraphQL, the mutation's name.
    """

    def __init__(self) -> None:
        self.pulls: dict[int, Pull] = {}
        self.runs: dict[int, dict[str, Any]] = {}
        self.artifacts: dict[int, dict[str, bytes]] = {}
        self.issues: list[dict[str, Any]] = []
        self.faults: list[tuple[int, dict[str, str], dict[str, Any]]] = []
        self.lost: list[str] = []
        self.before: dict[str, Callable[[], None]] = {}
        self.requests: list[str] = []
        self.url = ""
        self._lock = threading.RLock()
        self._ids = itertools.count(1000)

    def add_run(self, run_id: int, pull: Pull, *, attempt: int = 1, **changed: object) -> int:
        """A run of the preview on the pull request's head as it is now."""
        self.runs[run_id] = {
            "id": run_id,
            "run_attempt": attempt,
            "event": "pull_request",
            "path": PREVIEW,
            "head_sha": pull.head,
            "head_branch": pull.branch,
            "head_repository": pull.fork and self._repository(pull.fork),
            "repository": self._repository(REPOSITORY),
            "html_url": f"https://github.com/{REPOSITORY}/actions/runs/{run_id}",
            "pull_requests": [],
            **changed,
        }
        return run_id

    def say(self, pull: Pull, body: str, author: dict[str, str]) -> Comment:
        """Adds a comment."""
        comment = Comment(next(self._ids), body, author)
        pull.comments.append(comment)
        return comment

    @contextmanager
    def serving(self) -> Iterator["FakeGitHub"]:
        """Answers at `url`."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"fake": self}))
        server.daemon_threads = True
        with answering(server) as port:
            self.url = f"http://127.0.0.1:{port}"
            yield self

    def answer(self, method: str, target: str, body: dict[str, Any] | None) -> tuple[int, dict[str, str], Any]:
        """Status, headers and content."""
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        with self._lock:
            if self.faults:
                self.requests.append(f"{method} {parts.path} refused")
                return self.faults.pop(0)
            if parts.path == "/graphql":
                return self._graphql(body or {})
            self.requests.append(f"{method} {parts.path}")
            return self._rest(method, parts.path, query, body or {})

    def _rest(
        self, method: str, path: str, query: dict[str, str], body: dict[str, Any]
    ) -> tuple[int, dict[str, str], Any]:
        below = path.removeprefix(f"/repos/{REPOSITORY}").strip("/").split("/")
        answers = {"actions": self._actions, "issues": self._issues, "pulls": self._list_pulls}
        if below == [""]:
            return 200, {}, self._repository(REPOSITORY)
        if below[0] in answers:
            return answers[below[0]](method, below[1:], path, query, body)
        return 404, {}, {"message": "Not Found"}

    def _actions(
        self, _method: str, below: list[str], _path: str, query: dict[str, str], _body: object
    ) -> tuple[int, dict[str, str], Any]:
        match below:
            case ["runs", run] if int(run) in self.runs:
                return 200, {}, self.runs[int(run)]
            case ["runs", run, "artifacts"]:
                found = [
                    {"id": f"{run}-{name}", "name": name, "size_in_bytes": len(content)}
                    for name, content in self.artifacts.get(int(run), {}).items()
                    if query.get("name", name) == name
                ]
                return 200, {}, {"total_count": len(found), "artifacts": found}
            case ["artifacts", artifact, "zip"]:
                return 302, {"Location": f"{self.url}/repos/{REPOSITORY}/actions/stored/{artifact}"}, {}
            case ["stored", artifact]:
                run, _, name = artifact.partition("-")
                return 200, {}, self.artifacts[int(run)][name]
        return 404, {}, {"message": "Not Found"}

    def _list_pulls(
        self, _method: str, _below: object, path: str, query: dict[str, str], _body: object
    ) -> tuple[int, dict[str, str], Any]:
        return self._page(path, query, [self._pull(each) for each in self.pulls.values() if _asked(each, query)])

    def _issues(
        self, method: str, below: list[str], path: str, query: dict[str, str], body: dict[str, Any]
    ) -> tuple[int, dict[str, str], Any]:
        if method == "GET":
            state = query.get("state", "open")
            return self._page(path, query, [each for each in self.issues if state in ("all", each["state"])])
        if method == "PATCH":
            self.issues[int(below[0]) - 1].update(body)
            return 200, {}, self.issues[int(below[0]) - 1]
        if below[1:] == ["comments"]:
            self.issues[int(below[0]) - 1].setdefault("said", []).append(body["body"])
            return 201, {}, body
        number = len(self.issues) + 1
        url = f"{self.url}/repos/{REPOSITORY}/issues/{number}"
        author = {"login": "github-actions[bot]", "type": "Bot"}
        self.issues.append({"number": number, "state": "open", "user": author, "url": url, **body})
        return 201, {}, self.issues[-1]

    def _page(self, path: str, query: dict[str, str], rows: list[Any]) -> tuple[int, dict[str, str], Any]:
        size, page = int(query.get("per_page", 30)), int(query.get("page", 1))
        rest = "&".join(f"{name}={value}" for name, value in query.items() if name != "page")
        following = f'<{self.url}{path}?{rest}&page={page + 1}>; rel="next"'
        return 200, {"Link": following} if len(rows) > size * page else {}, rows[size * (page - 1) : size * page]

    def _repository(self, name: str) -> dict[str, Any]:
        # A number for each name, as GitHub has one.
        number = int.from_bytes(name.encode()[-6:], "big")
        return {
            "id": number,
            "full_name": name,
            "default_branch": "main",
            "owner": {"login": name.partition("/")[0]},
            "url": f"{self.url}/repos/{name}",
            "html_url": f"https://github.com/{name}",
        }

    def _pull(self, pull: Pull) -> dict[str, Any]:
        return {
            "number": pull.number,
            "url": f"{self.url}/repos/{REPOSITORY}/pulls/{pull.number}",
            "head": {"sha": pull.head, "ref": pull.branch, "repo": pull.fork and self._repository(pull.fork)},
            "base": {"ref": pull.base, "repo": self._repository(REPOSITORY)},
        }

    def _graphql(self, body: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
        mutations = _SCHEMA.mutation_type.fields if _SCHEMA.mutation_type else {}
        name = next((each for each in mutations if each in body["query"]), "")
        self.requests.append(f"GraphQL {name or 'query'}")
        if name in self.before:
            self.before.pop(name)()
        done = graphql_sync(_SCHEMA, body["query"], self, variable_values=body.get("variables"))
        if name in self.lost:
            self.lost.remove(name)
            return 502, {}, {"message": "Bad Gateway"}
        return 200, {}, dict(done.formatted)

    # What follows resolves the fields of Query and Mutation, which graphql-core finds by their names.

    def viewer(self, _info: object) -> dict[str, str]:
        return {"login": "github-actions[bot]"}

    def repository(self, _info: object, owner: str, name: str, followRenames: bool) -> dict[str, Any] | None:  # noqa: N803 - as GitHub names it
        return {"pullRequest": self._conversation} if followRenames and f"{owner}/{name}" == REPOSITORY else None

    def _conversation(self, _info: object, number: int) -> dict[str, Any]:
        pull = self.pulls[number]

        def comments(_info: object, first: int, after: str | None = None) -> dict[str, Any]:
            if first > 100:
                raise GraphQLError("first is more than 100")
            start = int(after or 0)
            end = start + first
            return {
                "nodes": [each.as_graphql() for each in pull.comments[start:end]],
                "pageInfo": {"hasNextPage": end < len(pull.comments), "endCursor": str(end)},
            }

        return {"id": pull.node, "number": number, "state": pull.state, "headRefOid": pull.head, "comments": comments}

    def addComment(self, _info: object, input: dict[str, str]) -> dict[str, Any]:  # noqa: N802, A002 - as GitHub names it
        pull = next(each for each in self.pulls.values() if each.node == input["subjectId"])
        return {"commentEdge": {"node": self.say(pull, _checked(input["body"]), BOT).as_graphql()}}

    def updateIssueComment(self, _info: object, input: dict[str, str]) -> dict[str, Any]:  # noqa: N802, A002 - as GitHub names it
        comment = self._find(input["id"])
        comment.body = _checked(input["body"])
        return {"issueComment": comment.as_graphql()}

    def minimizeComment(self, _info: object, input: dict[str, str]) -> dict[str, Any]:  # noqa: N802, A002 - as GitHub names it
        comment = self._find(input["subjectId"])
        comment.is_minimized, comment.reason = True, input["classifier"].lower()
        return {"minimizedComment": comment.as_graphql()}

    def _find(self, node: str) -> Comment:
        return next(each for pull in self.pulls.values() for each in pull.comments if each.node == node)


def _asked(pull: Pull, query: dict[str, str]) -> bool:
    head = f"{(pull.fork or '').partition('/')[0]}:{pull.branch}"
    return (
        query.get("state", "open").upper() in ("ALL", pull.state)
        and query.get("head", head) == head
        and query.get("base", pull.base) == pull.base
    )


def _checked(body: str) -> str:
    if len(body) > _LONGEST_BODY:
        raise GraphQLError(f"Body is too long (maximum is {_LONGEST_BODY} characters)")
    return body


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and content in one packet: a second one would wait for 40 ms
    fake: FakeGitHub

    def _answer(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "Authorization" not in self.headers and "/stored/" not in self.path:
            answered: tuple[int, dict[str, str], Any] = (401, {}, {"message": "Requires authentication"})
        else:
            answered = self.fake.answer(self.command, self.path, json.loads(content) if content else None)
        status, headers, answer = answered
        sent = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers, "Content-Length": str(len(sent))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(sent)

    do_GET = do_POST = do_PATCH = _answer  # noqa: N815 - the names that http.server calls

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in http.server
        """Says nothing; `requests` has them."""
