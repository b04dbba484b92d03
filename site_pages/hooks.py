"""What mkdocs calls: made pages, their place in the navigation, links that leave docs/."""

from __future__ import annotations

import posixpath
import re
from functools import cache
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page as Written

from site_pages.commands import command_page
from site_pages.data_tables import data_page
from site_pages.drive import drive_page
from site_pages.fibres import membrane_page
from site_pages.organs import organ_pages, overview
from site_pages.page import Page
from site_pages.pictures import pictures, placed
from site_pages.reference import reference_pages
from site_pages.results import result_pages
from site_pages.trust import parameter_page, verification_page

_LINK = re.compile(r"\[([^\]]+)\]\((?!\w+:)([^)#\s]+)(#[^)]*)?\)")


@cache
def sections() -> dict[str, list[Page]]:
    """Placeholder in mkdocs.yml's navigation -> the pages made for it."""
    return {
        "models/": [overview(), membrane_page(), drive_page(), *organ_pages()],
        "results/": [*result_pages(), verification_page(), parameter_page()],
        "reference/": [*reference_pages(), command_page(), data_page()],
    }


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the made pages where the navigation has a placeholder; make no page for addresses that
    do not exist, whose links only a server could resolve."""
    config.nav = _filled(config.nav)
    config.theme.static_templates.discard("404.html")
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the made pages (and pictures) to those that are written."""
    for pages in (*sections().values(), pictures()):
        for page in pages:
            files.append(File.generated(config, page.path, content=page.text))
    return files


def on_page_markdown(markdown: str, page: Written, config: MkDocsConfig, files: Files) -> str:
    """Pictures in their places. A link that leaves docs/ is right on a code host; here README is
    the first page and any other file is named."""
    here = posixpath.dirname(page.file.src_uri)

    def inside(found: re.Match[str]) -> str:
        shown, target, anchor = found.groups()
        path = posixpath.normpath(posixpath.join(here, target))
        if not path.startswith(".."):
            return found.group(0)
        if path == "../README.md":
            return f"[{shown}]({posixpath.relpath('index.md', here or '.')}{anchor or ''})"
        name = path.removeprefix("../")
        return shown if name in shown else f"{shown} (`{name}`)"

    return _LINK.sub(inside, placed(markdown))


def _filled(nav: Any) -> Any:
    if isinstance(nav, list):
        return [_filled(item) for item in nav]
    if isinstance(nav, dict):
        return {name: _filled(below) for name, below in nav.items()}
    if nav in sections():
        return [{p.title: p.path} for p in sections()[nav] if p.title]
    return nav
