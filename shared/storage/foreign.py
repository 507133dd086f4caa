"""The error of an answer that is not storage's."""

from azure.core.exceptions import AzureError


class ForeignAnswerError(AzureError):
    """The answer is not storage's answer to the request; the message says why, without repeating any of it."""
