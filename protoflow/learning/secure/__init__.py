"""Secure aggregation after Bonawitz et al., Practical Secure Aggregation for Privacy-Preserving Machine Learning (CCS
2017), Figure 4: a server learns the sum of its clients' integer vectors, and nothing else about any of them.

The masks. Each two clients agree on a key and expand it to a mask, which one of them adds to its vector and the other
subtracts: in the sum they cancel. Each client adds one more mask, grown from a seed of its own. The key of the first
kind and the seed of the second are shared among all clients (Shamir), `threshold` of whom can put one together.

The rounds of Figure 4, each a method of `Contributor` (a client) and of `Aggregator` (the server):

    AdvertiseKeys           each client sends two public keys                             U1: who has
    ShareKeys               each sends to each other shares of its two secrets, encrypted U2: who has
    MaskedInputCollection   each sends its vector, masked against all of U2               U3: who has
    Unmasking               each sends, of every client in U3, its share of the seed, and of every one that was lost
                            between U2 and U3 its share of the key; of nobody both

With fewer than `threshold` left in a round, nothing can be unmasked. The server is trusted to be curious but honest,
the first of the paper's two settings: the ConsistencyCheck round and the signatures that the figure has against one
that lies are not here. Still `threshold` must be more than half of the clients: so that a server cannot collect from
one half of them the shares of somebody's seed, from the other those of the key.

Vectors are added modulo 2 ** 64, where a masked one looks like random numbers. That the true sum stays in the range of
signed 64-bit integers, each client makes sure for its own part (`Contributor.mask`).

All randomness is the system's (`os.urandom`), never that of a course's seed: who knows the seed would know the keys. A
course's trace follows from its seed all the same: masks cancel exactly, and no key or ciphertext depends on anything
in its length.

Nothing here knows of protocols or of learning; `secure_aggregation` and `secure_averaging` beside this package do.
"""
