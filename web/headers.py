"""The security headers of every answer.

The page template has one inline script, which marks that scripts run; it is allowed by its hash and by nothing else.
Passkeys need ``publickey-credentials-*=(self)``. Browsers and proxies store nothing but the files under ``/static``.
"""

from typing import Final

from flask import Flask, Response, request

TEMPLATE_SCRIPT: Final = "sha256-GUQ5ad8JK5KmEWmROf3LZd9ge94daqNvd8xy9YS1iDw="  # govuk-frontend 6.3, template.html

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        f"script-src 'self' '{TEMPLATE_SCRIPT}'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "require-trusted-types-for 'script'",
    )
)

_OFF: Final = ("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "microphone", "payment", "usb")

PERMISSIONS_POLICY: Final = ", ".join(
    (
        *(f"{feature}=()" for feature in _OFF),
        "publickey-credentials-create=(self)",
        "publickey-credentials-get=(self)",
    )
)

ALWAYS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": PERMISSIONS_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

HSTS: Final = "max-age=31536000; includeSubDomains"  # one year, RFC 6797
STATIC_SECONDS: Final = 3600


def headers_of(app: Flask) -> dict[str, str]:
    """The headers that every answer of *app* carries, whatever it is."""
    return {**ALWAYS, "Strict-Transport-Security": HSTS} if app.extensions["vault"].config.secure else dict(ALWAYS)


def init_app(app: Flask) -> None:
    """Set the headers on every answer of *app*."""
    always = headers_of(app)

    @app.after_request
    def add_headers(response: Response) -> Response:
        """Add what is missing; a view may set a stricter value of its own."""
        for name, value in always.items():
            response.headers.setdefault(name, value)
        response.headers["Cache-Control"] = _cache(response)
        return response


def _cache(response: Response) -> str:
    """Static files for an hour, what a view calls public as it says, all else never."""
    if request.endpoint == "static" and response.status_code in {200, 304}:
        return f"public, max-age={STATIC_SECONDS}"
    given = response.headers.get("Cache-Control", "")
    return given if given.startswith("public") else "no-store"
