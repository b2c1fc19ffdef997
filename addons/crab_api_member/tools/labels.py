def of(records, field):
    """``{value: word in the reader's language}`` of a selection field."""
    return dict(records._fields[field]._description_selection(records.env))
