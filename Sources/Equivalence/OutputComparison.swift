import LatheDiagnostics
import LatheTensors

/// How far one output of a candidate is from the reference's, accumulated over feeds.
///
/// A row is what lies along the last axis: a class distribution, an embedding, a token's hidden state. Rows of one number, whose angle
/// would be no more than their sign, count as one row together.
public struct OutputComparison: Sendable {
  /// Two rows whose largest elements are at different places.
  public struct Flip: Sendable, Hashable {
    /// Row within the output, counted over all feeds.
    public var row: Int
    public var reference: Int
    public var candidate: Int
    /// By how much the reference preferred its choice over the candidate's.
    public var margin: Double

    public init(row: Int, reference: Int, candidate: Int, margin: Double) {
      self.row = row
      self.reference = reference
      self.candidate = candidate
      self.margin = margin
    }
  }

  public let name: String
  public private(set) var elements = 0
  public private(set) var rows = 0
  /// Rows that choose among at least two elements.
  public private(set) var decisions = 0
  /// Elements that differ although they should be compared exactly: strings, or NaN and infinity on one side only.
  public private(set) var incomparable = 0
  /// Elements that are NaN in the reference, the candidate or both.
  public private(set) var notNumbers = 0
  /// Elements of which no error can be told: NaN, and infinities that are not the same.
  public private(set) var unmeasured = 0
  /// Samples that could not be compared, since the candidate gives them another shape.
  public private(set) var skippedRows = 0
  public private(set) var maximumAbsoluteError = 0.0
  public private(set) var maximumRelativeError = 0.0
  /// Largest |r|.
  public private(set) var maximumMagnitude = 0.0
  /// The least and the largest number of the reference.
  private var range: (low: Double, high: Double)?
  public private(set) var flips: [Flip] = []
  private var absoluteErrorSum = 0.0
  private var squaredErrorSum = 0.0
  private var squaredReferenceSum = 0.0
  private var leastCosine = 1.0
  private var cosineSum = 0.0
  /// Rows of more than one number.
  private var angles = 0
  /// Of the row that single numbers are together.
  private var singles = Products()

  /// What the cosine between two rows is made of.
  private struct Products {
    var dot = 0.0, left = 0.0, right = 0.0
    /// Elements that only equality could have compared, and which differ.
    var incomparable = 0
    var count = 0

    /// 1 between rows of zeros, 0 where only one has any length or something cannot be compared.
    var cosine: Double {
      guard incomparable == 0 else { return 0 }
      let norms = (left * right).squareRoot()
      return norms > 0 ? Swift.min(1, dot / norms) : (left == right ? 1 : 0)
    }

    mutating func add(_ next: Products) {
      dot += next.dot
      left += next.left
      right += next.right
      incomparable += next.incomparable
      count += next.count
    }
  }

  public init(name: String) { self.name = name }

  /// Mean of |r − c|.
  public var meanAbsoluteError: Double { elements == 0 ? 0 : absoluteErrorSum / Double(elements) }

  /// Least cosine of the angle between two rows.
  public var minimumCosine: Double { singles.count > 0 ? Swift.min(leastCosine, singles.cosine) : leastCosine }

  /// Mean over rows of the cosine of the angle between them.
  public var meanCosine: Double {
    let (sum, count) = singles.count > 0 ? (cosineSum + singles.cosine, angles + 1) : (cosineSum, angles)
    return count == 0 ? 1 : sum / Double(count)
  }

  /// Whether all rows are single numbers.
  public var isOfSingleNumbers: Bool { singles.count > 0 && angles == 0 }

  /// Numbers from which on their range tells how much an error is.
  private static let leastNumbers = 8

  /// The largest error over the range of the reference's numbers; where these are few or all the same, over their largest magnitude.
  ///
  /// What 32-bit floats round is no error, and a range that is a thousandth of the magnitudes or less counts as a thousandth.
  public var errorOfRange: Double {
    guard maximumAbsoluteError > 1e-5 * maximumMagnitude else { return 0 }
    let span = range.map { $0.high - $0.low } ?? 0
    let scale = elements >= Self.leastNumbers && span > 0 ? Swift.max(span, 1e-3 * maximumMagnitude) : maximumMagnitude
    return maximumAbsoluteError / scale
  }

  /// 10·log₁₀(Σr² / Σ(r − c)²) in decibels; infinite where nothing differs.
  public var signalToQuantizationNoise: Double {
    squaredErrorSum == 0 ? .infinity : Decibels.ratio(squaredReferenceSum, squaredErrorSum)
  }

  /// Share of the decisions that agree; 1 if there are none.
  public var agreement: Double { decisions == 0 ? 1 : 1 - Double(flips.count) / Double(decisions) }

  /// Compares one feed's output.
  ///
  /// - Parameter lengths: of the rows, where they are not all as long as the last axis: numbers of tokens by sample.
  /// - Throws: `equivalence/shape` if type or shape differ.
  public mutating func add(reference: Tensor, candidate: Tensor, rowLengths lengths: [Int]? = nil) throws(Diagnostic) {
    guard reference.dtype == candidate.dtype, reference.shape == candidate.shape else {
      throw Diagnostic(
        "equivalence/shape", .brokenPromise,
        "the output \(name) is \(TensorType(of: reference)) in the reference, but \(TensorType(of: candidate)) in the candidate",
        at: Location(value: name), fix: "compare models with the same interface")
    }
    if let left = reference.strings, let right = candidate.strings {
      elements += left.count
      incomparable += zip(left, right).count { $0 != $1 }
      return
    }
    guard let left = reference.numbers, let right = candidate.numbers else {
      elements += reference.elementCount
      incomparable += reference == candidate ? 0 : reference.elementCount
      return
    }
    // Whole numbers beyond doubles.
    if left == right, reference != candidate, !reference.dtype.isFloat { incomparable += 1 }
    if let lengths, lengths.reduce(0, +) == left.count {
      var start = 0
      for length in lengths where length > 0 {
        addRow(left[start..<start + length], right[start..<start + length], decides: false)
        start += length
      }
      return
    }
    let width = reference.rank > 1 ? Swift.max(1, reference.shape.last ?? 1) : 1
    let decides = width > 1 && reference.dtype.isFloat
    for start in stride(from: 0, to: left.count, by: width) {
      addRow(left[start..<start + width], right[start..<start + width], decides: decides)
    }
  }

  /// Takes note of a sample that cannot be compared.
  public mutating func skipRow() { skippedRows += 1 }

  /// Appends what another comparison of the same output saw after this one.
  public mutating func merge(_ next: OutputComparison) {
    flips += next.flips.map {
      Flip(row: $0.row + rows, reference: $0.reference, candidate: $0.candidate, margin: $0.margin)
    }
    elements += next.elements
    rows += next.rows
    decisions += next.decisions
    incomparable += next.incomparable
    notNumbers += next.notNumbers
    unmeasured += next.unmeasured
    skippedRows += next.skippedRows
    maximumAbsoluteError = Swift.max(maximumAbsoluteError, next.maximumAbsoluteError)
    maximumRelativeError = Swift.max(maximumRelativeError, next.maximumRelativeError)
    maximumMagnitude = Swift.max(maximumMagnitude, next.maximumMagnitude)
    if let other = next.range { widen(other.low, other.high) }
    leastCosine = Swift.min(leastCosine, next.leastCosine)
    angles += next.angles
    singles.add(next.singles)
    absoluteErrorSum += next.absoluteErrorSum
    squaredErrorSum += next.squaredErrorSum
    squaredReferenceSum += next.squaredReferenceSum
    cosineSum += next.cosineSum
  }

  private mutating func widen(_ low: Double, _ high: Double) {
    range = (Swift.min(range?.low ?? low, low), Swift.max(range?.high ?? high, high))
  }

  private mutating func addRow(_ reference: ArraySlice<Double>, _ candidate: ArraySlice<Double>, decides: Bool) {
    let products = products(reference, candidate)
    elements += reference.count
    incomparable += products.incomparable
    if reference.count > 1 {
      cosineSum += products.cosine
      leastCosine = Swift.min(leastCosine, products.cosine)
      angles += 1
    } else {
      singles.add(products)
    }
    if decides { addDecision(reference, candidate) }
    rows += 1
  }

  private mutating func products(_ reference: ArraySlice<Double>, _ candidate: ArraySlice<Double>) -> Products {
    var products = Products(count: reference.count)
    for (r, c) in zip(reference, candidate) {
      guard r.isFinite, c.isFinite else {
        let isAlike = r == c || (r.isNaN && c.isNaN)
        notNumbers += r.isNaN || c.isNaN ? 1 : 0
        products.incomparable += isAlike ? 0 : 1
        unmeasured += r == c ? 0 : 1
        continue
      }
      let error = Swift.abs(r - c)
      maximumAbsoluteError = Swift.max(maximumAbsoluteError, error)
      maximumMagnitude = Swift.max(maximumMagnitude, Swift.abs(r))
      widen(r, r)
      if error > 0 {
        maximumRelativeError = Swift.max(maximumRelativeError, error / Swift.max(Swift.abs(r), Swift.abs(c)))
      }
      absoluteErrorSum += error
      squaredErrorSum += error * error
      squaredReferenceSum += r * r
      products.dot += r * c
      products.left += r * r
      products.right += c * c
    }
    return products
  }

  private mutating func addDecision(_ reference: ArraySlice<Double>, _ candidate: ArraySlice<Double>) {
    guard let chosen = Self.largest(reference), let other = Self.largest(candidate) else { return }
    decisions += 1
    guard chosen != other else { return }
    let margin = reference[reference.startIndex + chosen] - reference[reference.startIndex + other]
    flips.append(Flip(row: rows, reference: chosen, candidate: other, margin: margin))
  }

  /// Place of the largest element, the first among equals; nil if all are NaN.
  public static func largest(_ row: ArraySlice<Double>) -> Int? {
    var best: Int?
    for index in row.indices where !row[index].isNaN {
      if let current = best, row[current] >= row[index] { continue }
      best = index
    }
    return best.map { $0 - row.startIndex }
  }
}
