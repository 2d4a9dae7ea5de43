from setuptools import setup

setup(name="counter", version="1.0", py_modules=["counter"])
