"""A check beside those of schemathesis: what schemathesis.toml lets the server refuse with 400 is refused for its reason alone.

A request that fits the description may be at fault in these parameters or members, and in no others. A fault that a schema can
say does not hide so behind one that it cannot.
"""

import schemathesis

# Texts of calls, which have at most 128 bytes, and the name of a recording, which has 255: a schema counts characters.
CALL_TEXTS = {
    "call_id",
    "from",
    "to",
    "source_trunk",
    "destination_trunk",
    "pin_code",
    "did_number",
    "from_name",
    "to_name",
    "recording",
}

FIELDS = {
    # Zones of the IANA database.
    "POST /customers": {"timezone"},
    "PATCH /customers/{id}": {"timezone"},
    # Roles of the installation, lists of addresses, zones.
    "POST /people": {"role", "source", "timezone"},
    "PATCH /people/{id}": {"role", "source", "timezone"},
    # The code of now.
    "POST /people/{id}/totp/confirm": {"code"},
    # Oneself, and one's own customer.
    "DELETE /people/{id}": {"id"},
    "DELETE /customers/{id}": {"id"},
    # The future, and the rights of who makes it.
    "POST /keys": {"expires_at", "scopes", "below"},
    "PATCH /recordings/{name}": {"expires_at"},
    # No longer than the call.
    "POST /calls": {"talk_seconds"} | CALL_TEXTS,
    # What the kind in the path says.
    "PATCH /features/{kind}/{id}": {"number"},
    "GET /features/{kind}/{id}/prompts/{file}": {"file"},
    "PUT /features/{kind}/{id}/prompts/{file}": {"file", "sound"},
    "DELETE /features/{kind}/{id}/prompts/{file}": {"file"},
    # The library.
    "PUT /huntgroups/{id}/levels/{level}/message": {"sound"},
}

# What system owners alone say, at operations where it is refused to others.
OWNERS_ALONE = {"id", "shared"}


@schemathesis.check
def refused_for_its_reason(ctx, response, case):
    if response.status_code != 400 or case.method == "HEAD":
        return True
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return True
    field = response.json().get("field")
    allowed = FIELDS.get(case.operation.label, OWNERS_ALONE)
    assert field in allowed, f"a fitting request is refused for {field!r}, and not for one of {sorted(allowed)}"
    return None
