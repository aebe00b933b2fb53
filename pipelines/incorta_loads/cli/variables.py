"""The variables of the models that the configuration sets."""

from __future__ import annotations

from incorta_loads.analysis.user_rules import configured_status_outcomes, configured_type_roles
from incorta_loads.config.settings import alert_levels, probing, time_zone


def models_variables() -> dict[str, object]:
    """Returns the variables of the models that the configuration sets."""
    return {
        **probing(),
        **alert_levels(),
        **time_zone(),
        "user_status_outcomes": configured_status_outcomes(),
        "user_type_roles": configured_type_roles(),
    }
