"""What stops the PDF."""


class PdfError(Exception):
    """The PDF cannot be made; the message names the page and what to change."""
