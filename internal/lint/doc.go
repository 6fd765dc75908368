// Package lint holds the repository to its house style: its tests read every Go file and say where the style is not
// kept, by file and line. There is nothing in it to import.
package lint
