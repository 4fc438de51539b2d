"""Train a classifier of handwritten digits; the params are in params.yaml."""

import gitexp
import numpy as np
from models import MODELS


def measure(model, images, digits):
    """The mean cross entropy, and the share of digits that were recognised."""
    found = model.probabilities(images)
    loss = -np.log(np.maximum(found[np.arange(len(digits)), digits], 1e-12)).mean()
    return {"loss": loss, "accuracy": (found.argmax(1) == digits).mean()}


with gitexp.start() as run:
    data = np.load("data/digits.npz")
    run.use("dataset", "data/digits.npz")
    images, digits = data["train_images"], data["train_digits"]
    model = MODELS[run.params["model"]](run.params)
    for epoch in range(1, run.params["epochs"] + 1):
        model.fit_epoch(images, digits)
        tested = measure(model, data["test_images"], data["test_digits"])
        run.log({"train": measure(model, images, digits), **tested}, step=epoch)
    print(f"epoch {epoch}: loss {tested['loss']:.3f}, accuracy {tested['accuracy']:.3f}")
    model.save("model.npz")
    run.log_artifact("model.npz", kind="model")
