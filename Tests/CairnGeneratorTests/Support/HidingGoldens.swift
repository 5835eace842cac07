import GoldenHiding
import GoldenImports

// In a file of its own: the types of these modules hide those of Swift and Cairn in every file that imports them.

/// The goldens that are compiled apart from all others.
let hidingGoldens = goldenHiding + goldenImports
