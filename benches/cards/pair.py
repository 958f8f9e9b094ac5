"""What a Python user would read of a folder: the configuration of transformers, the headers by huggingface_hub.

    pair.py one FOLDER     reads it again and again, prints the seconds of each time
    pair.py many FOLDER    reads every folder in it on two processes, prints the seconds of all
    pair.py once FOLDER    reads it once, for the time of a whole process
"""

import multiprocessing
import os
import pathlib
import sys
import time

os.environ["HF_HUB_OFFLINE"] = "1"

from huggingface_hub import get_local_safetensors_metadata
from transformers import AutoConfig

WARM, TIMES = 3, 10


def read(folder):
    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    metadata = get_local_safetensors_metadata(folder)
    return config.num_hidden_layers, sum(metadata.parameter_count.values())


def timed(work):
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def many(root):
    folders = [str(folder) for folder in sorted(pathlib.Path(root).iterdir())]
    with multiprocessing.Pool(2) as pool:
        pool.map(read, folders[:8])
        print(timed(lambda: pool.map(read, folders, chunksize=32)))


def main(command, folder):
    if command == "many":
        return many(folder)
    for _ in range(WARM if command == "one" else 0):
        read(folder)
    for _ in range(TIMES if command == "one" else 1):
        print(timed(lambda: read(folder)))


if __name__ == "__main__":
    main(*sys.argv[1:])
