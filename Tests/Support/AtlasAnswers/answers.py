"""Answers to questions about the files of Examples/Atlas/Data, computed without Cairn: one JSON object, by question."""

import fractions
import gzip
import json
import pathlib
import sys
from collections import defaultdict

folder = pathlib.Path(sys.argv[1])


def rows(name):
    packed = folder / (name + ".ndjson.gz")
    opened = gzip.open(packed, "rt", encoding="utf-8") if packed.exists() else open(folder / (name + ".ndjson"), encoding="utf-8")
    with opened as lines:
        return [json.loads(line) for line in lines]


def text(value):
    """Texts sort by their bytes."""
    return value.encode("utf-8")


def group(things, key):
    groups = defaultdict(list)
    for thing in things:
        groups[key(thing)].append(thing)
    return groups


def exact_sum(numbers):
    """The exact sum, rounded once."""
    return float(sum(map(fractions.Fraction, numbers)))


continents, countries, cities = rows("continents"), rows("countries"), rows("cities")
country_of = {country["iso"]: country for country in countries}
continent_of = {continent["code"]: continent for continent in continents}
by_country = group(cities, lambda city: city["country"])
by_zone = group(cities, lambda city: city.get("timezone"))
zone_order = lambda zone: (zone is not None, text(zone or ""))

answers = {
    "people in all cities": sum(city["population"] for city in cities),
    "people in the cities of each country": [
        [iso, sum(city["population"] for city in by_country[iso])] for iso in sorted(by_country, key=text)
    ],
    "the ten countries with most people in cities": [
        [iso, sum(city["population"] for city in by_country[iso]), len(by_country[iso])]
        for iso in sorted(by_country, key=lambda iso: (-sum(c["population"] for c in by_country[iso]), text(iso)))
    ][:10],
    "countries with a thousand cities or more": [
        [iso, len(by_country[iso])] for iso in sorted(by_country, key=text) if len(by_country[iso]) >= 1000
    ],
    "average latitude and sum of longitudes of French cities": [
        exact_sum(city["latitude"] for city in by_country["FR"]) / len(by_country["FR"]),
        exact_sum(city["longitude"] for city in by_country["FR"]),
    ],
    "the largest, the smallest and the northernmost city": [
        max(city["population"] for city in cities),
        min(city["population"] for city in cities),
        max(city["latitude"] for city in cities),
    ],
    "time zones": len({city["timezone"] for city in cities if city.get("timezone") is not None}),
    "cities of each time zone that begins with Africa": [
        [zone, len(by_zone[zone])] for zone in sorted(by_zone, key=zone_order) if zone and zone.startswith("Africa/")
    ],
    "area and currencies of each continent": [
        [
            code,
            exact_sum(c["area_km2"] for c in found if c.get("area_km2") is not None),
            len({c["currency"] for c in found if c.get("currency") is not None}),
        ]
        for code, found in sorted(group(countries, lambda c: c["continent"]).items(), key=lambda item: text(item[0]))
    ],
    "the ten largest cities with country and continent": [
        [
            city["name"],
            country_of[city["country"]]["name"],
            continent_of[country_of[city["country"]]["continent"]]["name"],
        ]
        for city in sorted(cities, key=lambda city: (-city["population"], city["id"]))[:10]
    ],
    "the two largest cities of each country of Oceania": [
        [
            country["name"],
            [c["name"] for c in sorted(by_country.get(country["iso"], []), key=lambda c: (-c["population"], c["id"]))[:2]],
        ]
        for country in sorted(countries, key=lambda country: text(country["name"]))
        if country["continent"] == "OC"
    ],
    "names and people of Icelandic cities": [
        [city["name"], city["population"]]
        for city in sorted(by_country["IS"], key=lambda city: (text(city["name"]), city["id"]))
    ],
    "regions of countries with most cities": [
        [iso, region, len(found)]
        for (iso, region), found in sorted(
            group(cities, lambda c: (c["country"], c.get("admin1"))).items(),
            key=lambda item: (-len(item[1]), text(item[0][0]), zone_order(item[0][1])),
        )
    ][:8],
}
json.dump(answers, sys.stdout)
