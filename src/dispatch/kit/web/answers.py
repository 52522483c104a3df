"""What a route answers after it did what a form asked for."""

from __future__ import annotations

from fastapi import Request, Response
from fastapi.responses import RedirectResponse


def done(request: Request, to: str) -> Response:
    """To htmx that it is saved, so that app.js closes the dialog and the page stays where it is; else on to `to`."""
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Trigger": "saved"})
    return RedirectResponse(to, 303)
