"""Two classifiers with the same three methods: fit one epoch, give probabilities, save."""

import numpy as np


class Linear:
    """Logistic regression, by scikit-learn."""

    def __init__(self, params):
        from sklearn.linear_model import SGDClassifier

        rate = {"learning_rate": "constant", "eta0": params["lr"]}
        self.model = SGDClassifier(loss="log_loss", random_state=params["seed"], **rate)

    def fit_epoch(self, images, digits):
        self.model.partial_fit(images, digits, classes=range(10))

    def probabilities(self, images):
        return self.model.predict_proba(images)

    def save(self, path):
        np.savez(path, weights=self.model.coef_, bias=self.model.intercept_)


class Network:
    """One hidden layer, trained by gradient descent in batches."""

    def __init__(self, params):
        self.rng = np.random.default_rng(params["seed"])
        self.rate, self.batch = params["lr"], params["batch"]
        self.w1 = self.rng.normal(0, (2 / 64) ** 0.5, (64, params["hidden"]))
        self.w2 = self.rng.normal(0, (2 / params["hidden"]) ** 0.5, (params["hidden"], 10))
        self.b1, self.b2 = np.zeros(params["hidden"]), np.zeros(10)

    def fit_epoch(self, images, digits):
        order = self.rng.permutation(len(digits))
        for start in range(0, len(order), self.batch):
            part = order[start : start + self.batch]
            self.step(images[part], np.eye(10)[digits[part]])

    def step(self, images, wanted):
        hidden, found = self.forward(images)
        error = (found - wanted) / len(images)
        error_before = (error @ self.w2.T) * (hidden > 0)
        self.w2 -= self.rate * hidden.T @ error
        self.b2 -= self.rate * error.sum(0)
        self.w1 -= self.rate * images.T @ error_before
        self.b1 -= self.rate * error_before.sum(0)

    def forward(self, images):
        hidden = np.maximum(images @ self.w1 + self.b1, 0)
        scores = hidden @ self.w2 + self.b2
        powers = np.exp(scores)
        return hidden, powers / powers.sum(1, keepdims=True)

    def probabilities(self, images):
        return self.forward(images)[1]

    def save(self, path):
        np.savez(path, w1=self.w1, b1=self.b1, w2=self.w2, b2=self.b2)


MODELS = {"linear": Linear, "network": Network}
