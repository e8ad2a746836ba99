"""The page of the API, made of the docstrings: ``OMSD_WRITE_DOCS=1`` writes it anew."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path

import omsd

PAGE = Path(__file__).resolve().parent.parent / "docs" / "API.md"
SOURCE = Path(omsd.__file__).parent
#: Part of the page, module, and what of it is told: its functions, or those of one class, or its classes.
PARTS = [
    ("Methods of `omsd.Client` and `omsd.AsyncClient`", "requests.py", ""),
    ("Beside them", "client.py", "Client"),
    ("Errors", "errors.py", "*"),
    ("Rows, items and words", "types.py", "*"),
    ("`omsd.ccxt`", "ccxt/__init__.py", ""),
    ("Orders of a wrapped exchange", "ccxt/_orders.py", "OrderMethods"),
    ("Watching, with `ccxt.async_support` and `ccxt.pro`", "ccxt/_run.py", "AsyncExchange"),
    ("`omsd.analysis.Journal`", "analysis.py", "Journal"),
]
#: Names of the package that are told by the page's headings, or in the README.
OTHER = {"Client", "AsyncClient", "DEFAULT_SOCKET"}
#: What `requests` has beside the protocol's methods.
METHODS = {name for name in vars(omsd.requests) if name[0] != "_" and hasattr(omsd.Client, name)}


def entries(module: str, of: str) -> Iterator[str]:
    tree = ast.parse((SOURCE / module).read_text())
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name[0] != "_"]
    if of == "*":
        for kind in classes:
            fields = [item.target.id for item in kind.body if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)]
            words = [item.value.value for item in kind.body if isinstance(item, ast.Assign) and isinstance(item.value, ast.Constant)]
            names = ", ".join(f"`{name}`" for name in [name for name in fields if name != "more"] + [str(word) for word in words])
            yield f"**`{kind.name}`** {names}\n\n{text(kind)}".rstrip()
        return
    body = next(kind.body for kind in classes if kind.name == of) if of else tree.body
    for node in body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name[0] == "_":
            continue
        if of or module != "requests.py" or node.name in METHODS:
            yield f"**`{node.name}({arguments(node)})`**\n\n{text(node)}".rstrip()


def arguments(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    node.args.args = [argument for argument in node.args.args if argument.arg != "self"]
    return ast.unparse(node.args)


def text(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
    told = ast.get_docstring(node) or ""
    lines = told.replace("``", "`").splitlines()
    return "\n".join(f"- {line[1:].replace(':', ' — ', 1).strip()}" if line.startswith(":") else line for line in lines)


def page() -> str:
    parts = ["# The API of omsd for Python", "Made of the docstrings; [the README](../README.md) tells what they are for."]
    for title, module, of in PARTS:
        parts += [f"## {title}", *entries(module, of)]
    return "\n\n".join(parts) + "\n"


def test_the_page_says_what_the_docstrings_say() -> None:
    if os.environ.get("OMSD_WRITE_DOCS"):
        PAGE.write_text(page())
    assert PAGE.read_text() == page(), "OMSD_WRITE_DOCS=1 python -m pytest tests/test_api_page.py writes it anew"


def test_the_page_has_every_method_and_every_name_of_the_package() -> None:
    told = PAGE.read_text()
    missing = [name for name in METHODS if f"**`{name}(" not in told]
    missing += [name for name in omsd.__all__ if name[0].isupper() and name not in OTHER and f"**`{name}`**" not in told]
    assert missing == []
