"""The data sets that come with scikit-learn, and a synthetic one of many clients.

    digits                1,797 grey images of handwritten digits, 8x8: 64 features, 10 classes (UCI's)
    breast_cancer         569 tumours, 30 measurements of each: benign or malignant (Wisconsin, diagnostic)
    wine                  178 wines, 13 measurements of each, from 3 growers (UCI's)
    diabetes              442 patients, 10 features: how far the disease has come a year later, a value (Efron et al.,
                          Least Angle Regression, Annals of Statistics 2004)
    synthetic:ALPHA,BETA  30 clients, 60 features, 10 classes: with ALPHA what is right differs from client to client,
                          with BETA their inputs do; with 0,0 only how many examples each has (after Li et al.,
                          Federated Optimization in Heterogeneous Networks, MLSys 2020, appendix C.1)

The pixels of the digits are scaled to [0, 1]; the features of the tables, and the value to predict, are standardised by
their means and standard deviations in the training part. Every set is the same each time that it is loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.errors import UsageError
from protoflow.learning.backend import MISSING, numpy, torch
from protoflow.learning.data import Examples, divided, standardised

if TYPE_CHECKING:
    from collections.abc import Callable

    from protoflow.learning.data import Dataset

SYNTHETIC_CLIENTS = 30


def digits() -> Dataset:
    examples = _of_sklearn("load_digits")
    return divided("digits", Examples(examples.inputs / 16, examples.labels))


def breast_cancer() -> Dataset:
    return standardised(divided("breast_cancer", _of_sklearn("load_breast_cancer")))


def wine() -> Dataset:
    return standardised(divided("wine", _of_sklearn("load_wine")))


def diabetes() -> Dataset:
    examples = _of_sklearn("load_diabetes", scaled=False)
    return standardised(divided("diabetes", Examples(examples.inputs, examples.labels.float())))


def synthetic(alpha: float, beta: float) -> Dataset:
    """The class of x is argmax(W_k x + b_k) on client k. Each number in W_k and b_k is one that all clients share, from
    N(0, 1), and a difference of standard deviation alpha. Inputs are from N(v_k, diag(j ** -1.2)), each number in v_k
    of standard deviation beta. A client has 50 examples and exp(N(4, 2)) more: a heavy tail.

    Li et al. draw W_k and b_k from N(u_k, 1) with one number u_k ~ N(0, alpha) a client. That adds the same to all
    logits of an input, so that their alpha changes no class, and models differ as much with 0; hence the change here.
    """
    random = numpy.random.default_rng(0)
    features, classes = 60, 10
    spread = numpy.arange(1, features + 1) ** -0.6
    sizes = 50 + random.lognormal(4, 2, SYNTHETIC_CLIENTS).astype(int)
    shared_weights, shared_bias = random.normal(size=(features, classes)), random.normal(size=classes)
    inputs, labels = [], []
    for size in sizes:
        weights = shared_weights + alpha * random.normal(size=shared_weights.shape)
        bias = shared_bias + alpha * random.normal(size=shared_bias.shape)
        drawn = random.normal(beta * random.normal(size=features), spread, (size, features))
        inputs.append(drawn)
        labels.append((drawn @ weights + bias).argmax(axis=1))
    examples = Examples(
        torch.from_numpy(numpy.concatenate(inputs)).float(), torch.from_numpy(numpy.concatenate(labels))
    )
    owners = torch.from_numpy(numpy.repeat(numpy.arange(SYNTHETIC_CLIENTS), sizes))
    return divided(f"synthetic:{alpha:g},{beta:g}", examples, owners)


SHIPPED: dict[str, Callable[[], Dataset]] = {
    "digits": digits,
    "breast_cancer": breast_cancer,
    "wine": wine,
    "diabetes": diabetes,
}
"""Those that are real, by name."""


def _of_sklearn(loader: str, **options: bool) -> Examples:
    try:
        from sklearn import datasets
    except ModuleNotFoundError as error:
        raise UsageError(f"{MISSING} (no module `{error.name}`)") from error
    inputs, labels = getattr(datasets, loader)(return_X_y=True, **options)
    return Examples(torch.from_numpy(inputs).float(), torch.from_numpy(labels))
