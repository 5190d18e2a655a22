"""Places of a thing on a map of the Netherlands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import pyoxigraph as ox
from markupsafe import Markup

from kg.namespaces import SCHEMA
from kg.rdf_terms import Term, first_object
from kg.tables.charts.map import Place, render_map
from kg.web.layout import message
from kg.web.site import Site
from kg.web.terms import show

_SIDES: Final = (SCHEMA + "longitude", SCHEMA + "latitude")


def draw_places(site: Site, lang: str, here: str, values: Iterable[Term]) -> Markup:
    """Return a map with the places among some values that have coordinates; nothing where none has.

    A value that is no thing, such as a latitude, stands for the thing itself.
    """
    iris = dict.fromkeys(value.value if isinstance(value, ox.NamedNode) else here for value in values)
    spots = [spot for spot in (_spot(site, lang, iri, iri != here) for iri in iris) if spot]
    if not spots:
        return Markup()
    names = ", ".join(spot.text for spot in spots)
    return Markup(render_map(spots, f"{message('map_of', lang)} {names}", message("map_about", lang), lang))  # noqa: S704


def _spot(site: Site, lang: str, iri: str, linked: bool) -> Place | None:
    values = [first_object(site.graph.store, ox.NamedNode(iri), side) for side in _SIDES]
    numbers = [float(value.value) for value in values if isinstance(value, ox.Literal)]
    if len(numbers) < len(_SIDES):
        return None
    view = show(site, lang, ox.NamedNode(iri))
    return Place(numbers[0], numbers[1], view.text, view.href if linked else "")
