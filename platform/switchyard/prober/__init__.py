"""
The prober: a program that asks services on a fixed grid, and writes down what each answered.

It runs in a pod that has nothing but Python, so it imports the standard library and itself (relatively: in the pod the
package is called ``prober``). It judges an answer against what was declared, and nothing beyond that.
"""
