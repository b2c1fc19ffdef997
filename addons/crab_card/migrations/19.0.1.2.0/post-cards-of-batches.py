def migrate(cr, version):
    """Batches made before they named their cards."""
    cr.execute(
        """
        INSERT INTO crab_card_batch_product_product_rel (crab_card_batch_id, product_product_id)
        SELECT DISTINCT batch_id, product_id FROM crab_card
        """
    )
