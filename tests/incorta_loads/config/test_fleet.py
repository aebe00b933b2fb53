"""Clusters under [sources.incorta.clusters]."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from incorta_loads.config.fleet import chosen, cluster_names, fleet
from incorta_loads.config.secret_values import secret_values
from incorta_loads.config.unknown_settings import unknown_settings
from incorta_loads.errors import ConfigurationError

Write = Callable[..., None]

CLUSTERS = """
[sources.incorta]
concurrency = 2
tenant = "common"
token = "common-token"
[sources.incorta.clusters.a]
cluster_url = "https://a.example/incorta"
token = "token-of-a"
[sources.incorta.clusters.B]
cluster_url = "https://b.example/incorta"
tenants = ["x", "y"]
concurrency = 7
"""


def test_a_cluster_has_its_own_settings_over_the_common_ones(write: Write) -> None:
    """It is stored under the name of its table; each tenant is a source of its own."""
    write(CLUSTERS)
    found = [
        (each.cluster, each.tenant, each.token, each.concurrency, each.cluster_url)
        for each in fleet()
    ]
    assert found == [
        ("B", "x", "common-token", 7, "https://b.example/incorta"),
        ("B", "y", "common-token", 7, "https://b.example/incorta"),
        ("a", "common", "token-of-a", 2, "https://a.example/incorta"),
    ]


def test_the_environment_comes_first(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names there are in upper case; a cluster may be configured there alone."""
    write(CLUSTERS)
    monkeypatch.setenv("SOURCES__INCORTA__CLUSTERS__B__TENANTS", "z")
    monkeypatch.setenv("SOURCES__INCORTA__CLUSTERS__C__CLUSTER_URL", "https://c.example/incorta")
    assert cluster_names() == ["B", "a", "c"]
    assert [(each.cluster, each.tenant) for each in fleet()] == [
        *(("B", "z"), ("a", "common"), ("c", "common")),
    ]


def test_all_tokens_are_secrets(write: Write) -> None:
    """Each is kept out of output."""
    write(CLUSTERS)
    assert {"common-token", "token-of-a"} <= set(secret_values())


def test_one_is_chosen(write: Write) -> None:
    """By its name and, if it has several, by its tenant."""
    write(CLUSTERS)
    assert chosen("a").cluster_url == "https://a.example/incorta"
    assert chosen("B", "y").tenant == "y"
    for names, message in {
        (None, None): "Several clusters are configured (B, a); choose one with --cluster NAME.",
        ("B", None): "The tenants of cluster B are x, y; choose one with --tenant NAME.",
        ("b", None): "There is no cluster 'b'",
    }.items():
        with pytest.raises(ConfigurationError) as error:
            chosen(*names)
        assert str(error.value).startswith(message)


def test_a_wrong_setting_names_its_cluster(write: Write) -> None:
    """As the message about the setting."""
    write(CLUSTERS + "timeout_seconds = 0\n")
    with pytest.raises(ConfigurationError, match=r"^Cluster B: .*timeout_seconds"):
        fleet()


def test_two_clusters_are_not_stored_under_one_name(write: Write) -> None:
    """Their executions would be mixed up."""
    write(CLUSTERS.replace('tenants = ["x", "y"]', 'tenant = "common"\ncluster = "a"'))
    with pytest.raises(ConfigurationError, match="stored as 'a', tenant 'common'"):
        fleet()


def test_no_cluster_says_what_to_add(write: Write) -> None:
    """The example names what is required."""
    write("")
    with pytest.raises(ConfigurationError, match=r"add a table \[sources.incorta.clusters.NAME\]"):
        fleet()


def test_a_misspelled_setting_of_a_cluster_is_named(write: Write) -> None:
    """With the closest name."""
    write(CLUSTERS + "tenent = 'x'\n")
    [line] = unknown_settings()
    assert "`tenent` under [sources.incorta.clusters.B]" in line
    assert "the closest name is tenant" in line
