"""A service in Python, for callers in any language."""

import statistics
import sys

from autobahn.asyncio.component import Component, run
from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.types import RegisterOptions

# It comes back by itself when the router was away, and registers again.
service = Component(transports=sys.argv[1], realm='realm1')


@service.register('com.example.describe')
def describe(numbers):
    """A dict goes back as it is."""
    if len(numbers) < 2:
        raise ApplicationError('com.example.too_few', 'there must be two numbers at least')
    return {
        'mean': statistics.mean(numbers),
        'median': statistics.median(numbers),
        'deviation': statistics.stdev(numbers),
    }


@service.register('com.example.primes', options=RegisterOptions(details=True))
async def primes(limit, details):
    """Progressive results, one by one, where the caller wants them; and their number in the end."""
    found = []
    for n in range(2, limit):
        if all(n % prime for prime in found):
            found.append(n)
            if details.progress:
                details.progress(n)
    return len(found)


@service.on_join
def joined(session, details):
    print(f'Python: session {details.session} is here', flush=True)


run([service], log_level='error')
