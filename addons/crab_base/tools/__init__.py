from . import chain, locks, merkle, money, retry_policy, subject, timezone, transaction
