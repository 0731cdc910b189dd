"""Nabi's packages and what each job installs.

One extra a job, so that a preprocessing worker installs no TensorFlow and a training image no Beam. TensorFlow
itself comes by one of `cpu`, `gpu` and `newest`, never by two: their wheels write the same files. Versions are
pinned in requirements.lock (`make lock`), which `make` installs.
"""

import pathlib

import setuptools

LOCAL_BEAM = "apache-beam>=2.72,<2.78"
BEAM = ["apache-beam[gcp]>=2.72,<2.78"]
READING = ["music21==10.5.1", "numba>=0.61,<0.70", "symusic==0.6.0"]
SONGS_PAGE = ["pillow>=11,<13", "pretty_midi==0.2.11.post0", "soundfile==0.14.0", "tinysoundfont==0.3.7"]

# s3://, az:// and http:// where tensorflow-io does not load, or TensorFlow is not wanted. s3fs and fsspec are released
# together; s3fs's aiobotocore names the versions of botocore that it knows.
REMOTE = ["adlfs==2026.8.0", "fsspec[http]==2026.9.0", "s3fs==2026.9.0"]

# tensorflow-io's native plug-ins load with TensorFlow 2.16 and 2.17 only, although pip accepts any version.
# TensorBoard 2.17 imports pkg_resources, which setuptools 82 dropped.
TENSORFLOW_2_17 = ["keras==3.15.1", "tensorflow-io==0.37.1", "setuptools<81"]
MATPLOTLIB = "matplotlib>=3.9,<4"

EXTRAS = {
    # Beam brings pyarrow and PyYAML, which pipelines.export writes with.
    # Beam makes the tarball of `--setup_file` with the latter two, which it does not bring; nor does Python 3.12.
    "preprocess": [*BEAM, "build>=1.3,<2", "setuptools>=70"],
    # What Optuna's sampler proposes for a seed may change with its version, so that --tune would go on differently.
    "train": [MATPLOTLIB, "optuna==5.0.0"],
    "generate": BEAM + SONGS_PAGE,
    # Engraves the scores that the songs page shows; LGPL-3.0.
    "score": ["verovio>=6.4,<7"],
    "cpu": [*TENSORFLOW_2_17, "tensorflow-cpu==2.17.1"],
    "gpu": [*TENSORFLOW_2_17, "tensorflow[and-cuda]==2.17.1"],
    # All three jobs on this machine, `make run`: neither Beam's clients of clouds nor a search of settings.
    "local": [LOCAL_BEAM, MATPLOTLIB, *SONGS_PAGE, *TENSORFLOW_2_17, "tensorflow-cpu==2.17.1"],
    # All that runs on Python 3.13, where tensorflow-io has no build.
    "newest": ["apache-beam[gcp]==2.77.0", "keras==3.15.1", "tensorflow-cpu==2.21.0", "tensorboard", *REMOTE],
    "remote": REMOTE,
    # What `deploy` speaks to Google Cloud with; no job needs it. kfp 2.13 is the newest for TensorFlow 2.17's protobuf.
    "vertex": ["google-cloud-aiplatform==1.165.1"],
    "pipeline": ["kfp==2.13.0"],
    # The services' own schemas, against which the tests hold what is sent; not for `newest`, whose protobuf differs.
    "cloud-test": ["check-jsonschema==0.39.0", "google-cloud-build==3.37.0", "google-cloud-dataflow-client==0.14.0"],
    # For benchmarks/polyphonic.py (.mat files) and blind_test.py; not in the lock, since no job and no test needs them.
    "benchmark": ["scikit-learn>=1.7,<2", "scipy>=1.13,<2"],
    "test": [
        # For the certificate of what stands at Google's address.
        "cryptography>=47,<51",
        # Google Cloud Storage as a server of the tests' own; S3 is moto's.
        "gcp-storage-emulator==2026.7.19",
        # Reads the cards of models, as the hub that they are written for does.
        "huggingface_hub==2.4.0",
        "hypothesis==6.170.15",
        # Execute docs/nabi.ipynb.
        "ipykernel==7.4.0",
        "mido==1.3.3",
        "moto[server]==5.2.5",
        "mypy==2.4.1",
        "nbclient==0.11.0",
        "nbformat==5.11.1",
        # Drives the Chromium of the system: it brings no browser of its own, and `playwright install` is not needed.
        "playwright==1.65.2",
        "pytest==9.2.0",
        "pytest-xdist==3.8.0",
        "ruff==0.17.5",
    ],
}

SHIPPED = ["nabi", "pipelines", "trainer", "generator", "deploy"]

setuptools.setup(
    name="nabi",
    version="0.1.0",
    description="Turns a collection of MIDI files into a model that composes.",
    long_description=pathlib.Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    # By name: tests and benchmarks never ship.
    packages=setuptools.find_packages(include=[pattern for name in SHIPPED for pattern in (name, f"{name}.*")]),
    package_data={"": ["*.css", "*.html", "*.js", "*.nabi", "*.toml", "py.typed"]},
    entry_points={"console_scripts": ["nabi = nabi.command:main"]},
    python_requires=">=3.11,<3.14",
    # What nabi/ needs, and all that preprocessing needs besides Beam: Dataflow's workers install the tarball of
    # `--setup_file` without extras.
    install_requires=["numpy>=1.26,<3", "google-cloud-storage>=2.19,<4", "protobuf>=4.25,<7", *READING],
    extras_require=EXTRAS,
)
