"""What participants learn: torch behaviours for the shipped protocols, data, and ways to divide it.

A protocol says who sends what when; the classes here are the handlers it names, one small file per algorithm. They
read their settings (learning rate, local epochs, ...) from the protocol's parameters, and get data, a model and a seed
when they are built. torch and numpy are imported by `protoflow.learning.backend` alone, cryptography by
`protoflow.learning.secure.backend`, so that whoever lacks them is told what to install; this package itself and `hello`
need none.
"""
