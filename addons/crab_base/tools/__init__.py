from . import chain, locks, log_hygiene, merkle, money, retry_policy, safe_export, subject, timezone, transaction
