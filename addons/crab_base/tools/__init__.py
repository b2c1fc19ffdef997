from . import chain, locks, log_hygiene, merkle, money, retry_policy, subject, timezone, transaction
