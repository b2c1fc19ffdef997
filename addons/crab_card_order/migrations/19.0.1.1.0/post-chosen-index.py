def migrate(cr, version):
    """No search needed it, and it kept PostgreSQL from writing changed rows beside the old ones."""
    cr.execute("DROP INDEX IF EXISTS crab_card_order_number_chosen_idx")
