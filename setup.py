"""Builds the wheel of the Python module, with the library inside it, by CMake (python/CMakeLists.txt)."""

import pathlib
import re

from skbuild import setup

ROOT = pathlib.Path(__file__).parent
VERSION = re.search(r"project\(gradspace VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text())[1]

setup(
    name="gradspace",
    version=VERSION,
    description="How far an image is from what a model knows, by the weight gradients it would cause",
    long_description=(ROOT / "README.md").read_text(),
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.9",
    install_requires=["numpy>=1.22"],
    extras_require={"frames": ["pandas"], "estimators": ["scikit-learn>=1.2"], "progress": ["tqdm"]},
    packages=["gradspace"],
    package_dir={"": "python"},
    package_data={"gradspace": ["py.typed", "*.pyi"]},
    cmake_install_target="gradspace-install-python",
    cmake_args=[
        "-DCMAKE_BUILD_TYPE=Release",
        "-DCMAKE_UNITY_BUILD=ON",
        "-DBUILD_SHARED_LIBS=OFF",
        "-DGRADSPACE_PYTHON_DIR=python",
        "-DGRADSPACE_PYTHON_MODULE=ON",
        "-DGRADSPACE_BENCH=OFF",
        "-DGRADSPACE_TESTS=OFF",
        "-DGRADSPACE_TORCH=OFF",
        "-DGRADSPACE_LIVE=OFF",
    ],
)
