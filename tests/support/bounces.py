"""Delivery reports (RFC 3464) as mail servers write them."""


def report(
    action: str, status: str, *, more: bytes = b"", charset: str = "us-ascii", whole: bool = True
) -> bytes:
    """A report on one recipient; with ``more`` on a second one. ``whole``: False gives the recipient's block alone."""
    block = (
        f"Final-Recipient: rfc822; erika@example.org\r\nAction: {action}\r\nStatus: {status}\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 No such user\r\n"
    ).encode()
    if not whole:
        return block
    head = (
        "From: MAILER-DAEMON@mx.example\r\nSubject: Delivery Status\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="xyz"\r\n\r\n'
        f'--xyz\r\nContent-Type: text/plain; charset="{charset}"\r\n\r\nNicht zugestellt.\r\n'
        "--xyz\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example\r\n\r\n"
    ).encode("utf-8", "surrogateescape")
    return head + block + (b"\r\n" + more if more else b"") + b"\r\n--xyz--\r\n"
