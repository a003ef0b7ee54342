/// How complicated the dimensions of a file may be, which bounds the time that arithmetic with them takes.
///
/// Readers hold files to it before they do any arithmetic, and writers hold themselves to it.
struct DimensionBounds {
  /// A factor of a product, as far as its cost goes.
  enum Factor {
    /// A symbol with a name of so many bytes.
    case symbol(Int)
    /// A quotient or maximum of two dimensions, by number.
    case pair(Int, Int)
  }

  /// Terms of a dimension and factors of a term that the arithmetic can hold.
  static let maximumTerms = 24
  static let maximumFactors = 16
  /// How deep quotients and maxima may lie in each other.
  static let maximumDepth = 64
  /// Characters that all dimensions together may make the arithmetic look at.
  private static let maximumWork = 1 << 21

  /// Length of each dimension's text form, roughly.
  private var sizes: [Int] = []
  private var depths: [Int] = []
  private var work = 0

  /// Adds a dimension, a sum of products; gives what is too much about it.
  ///
  /// - Precondition: the numbers in its pairs are of dimensions added before.
  mutating func add(_ terms: [[Factor]]) -> String? {
    guard terms.count <= Self.maximumTerms else { return "\(terms.count) terms" }
    var (size, depth, count) = (1, 1, 1)
    for term in terms {
      guard term.count <= Self.maximumFactors else { return "a product of \(term.count) factors" }
      size += 8
      count += term.count
      for factor in term {
        switch factor {
        case .symbol(let length): size += 8 + Swift.min(length, Self.maximumWork)
        case .pair(let left, let right):
          size += 8 + sizes[left] + sizes[right]
          depth = Swift.max(depth, 1 + depths[left], 1 + depths[right])
        }
      }
    }
    guard depth <= Self.maximumDepth else { return "\(depth) levels" }
    guard size <= Self.maximumWork, size * count <= Self.maximumWork - work else { return "too many parts" }
    work += size * count
    sizes.append(size)
    depths.append(depth)
    return nil
  }
}
