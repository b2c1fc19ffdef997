from . import locks, money, retry_policy, subject, timezone, transaction
