// Package testkit helps tests: golden files, case files, damage made from a seed, and the shared corpus. Helpers
// build, find and compare; what is right, the test decides. It imports nothing of this module, so that every
// package can use it.
package testkit
