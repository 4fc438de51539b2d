"""Put scikit-learn's handwritten digits into data/digits.npz, shuffled and split once and for all."""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

images, digits = load_digits(return_X_y=True)
order = np.random.default_rng(0).permutation(len(digits))
images, digits = images[order] / 16, digits[order]

Path("data").mkdir(exist_ok=True)
np.savez(
    "data/digits.npz",
    train_images=images[:1400],
    train_digits=digits[:1400],
    test_images=images[1400:],
    test_digits=digits[1400:],
)
print(f"data/digits.npz: 1400 digits to train on, {len(digits) - 1400} to test with")
