"""Names of web events: today's, the former ones, and the API's own, all to today's (platform help and API)."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["API_NAMES", "STANDARD_EVENTS", "api_event", "is_standard", "standard_event"]

API_NAMES: Mapping[str, str] = {
    "PageView": "PAGE_VIEW",
    "ViewContent": "ON_WEB_DETAIL",
    "Search": "ON_WEB_SEARCH",
    "AddToWishlist": "ON_WEB_ADD_TO_WISHLIST",
    "AddToCart": "ON_WEB_CART",
    "InitiateCheckout": "INITIATE_ORDER",
    "AddPaymentInfo": "ADD_BILLING",
    "Purchase": "SHOPPING",
    "PlaceAnOrder": "ON_WEB_ORDER",
    "ClickButton": "BUTTON",
    "Lead": "FORM",
    "CompleteRegistration": "ON_WEB_REGISTER",
    "Subscribe": "ON_WEB_SUBSCRIBE",
    "Contact": "CONSULT",
    "Download": "DOWNLOAD_START",
    "ApplicationApproval": "APPLICATION_APPROVAL",
    "CustomizeProduct": "CUSTOMIZE_PRODUCT",
    "FindLocation": "FIND_LOCATION",
    "Schedule": "SCHEDULE",
    "StartTrial": "START_TRIAL",
    "SubmitApplication": "SUBMIT_APPLICATION",
}
"""Today's name of each standard web event, and what the API calls it."""

STANDARD_EVENTS = tuple(API_NAMES)

_FORMER = {"CompletePayment": "Purchase", "SubmitForm": "Lead", "Pageview": "PageView"}


def _folded(name: str) -> str:
    return name.strip().replace("_", "").replace(" ", "").casefold()


_TODAY = {
    **{_folded(name): name for name in STANDARD_EVENTS},
    **{_folded(code): name for name, code in API_NAMES.items()},
    **{_folded(old): name for old, name in _FORMER.items()},
}


def standard_event(name: str) -> str:
    """Give today's name of a standard web event in any of its spellings; any other name as it is, blanks cut off."""
    return _TODAY.get(_folded(name), name.strip())


def is_standard(name: str) -> bool:
    """Whether a name is that of a standard web event, in any of its spellings."""
    return _folded(name) in _TODAY


def api_event(name: str) -> str | None:
    """Give the API's name of a standard web event; None for a custom one."""
    return API_NAMES.get(standard_event(name))
