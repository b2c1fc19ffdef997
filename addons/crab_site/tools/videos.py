"""Which video a file is, by its content."""

MP4_BRANDS = {
    b"isom",
    b"iso2",
    b"iso4",
    b"iso5",
    b"iso6",
    b"mp41",
    b"mp42",
    b"avc1",
    b"dash",
    b"M4V ",
    b"mmp4",
    b"MSNV",
}
EBML = b"\x1a\x45\xdf\xa3"


def video_type(content):
    """``video/mp4``, ``video/webm``, or ``None``: what every phone plays."""
    if content[4:8] == b"ftyp" and content[8:12] in MP4_BRANDS:
        return "video/mp4"
    if content[:4] == EBML and b"\x42\x82\x84webm" in content[:64]:  # the field DocType
        return "video/webm"
    return None
