import LatheDiagnostics
import LatheTensors

/// How far one output of a candidate is from the reference's, accumulated over feeds.
///
/// A row is what lies along the last axis: a class distribution, an embedding, a token's hidden state.
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
  /// Samples that could not be compared, since the candidate gives them another shape.
  public private(set) var skippedRows = 0
  public private(set) var maximumAbsoluteError = 0.0
  public private(set) var maximumRelativeError = 0.0
  /// Largest |r|.
  public private(set) var maximumMagnitude = 0.0
  public private(set) var minimumCosine = 1.0
  public private(set) var flips: [Flip] = []
  private var absoluteErrorSum = 0.0
  private var squaredErrorSum = 0.0
  private var squaredReferenceSum = 0.0
  private var cosineSum = 0.0

  public init(name: String) { self.name = name }

  /// Mean of |r − c|.
  public var meanAbsoluteError: Double { elements == 0 ? 0 : absoluteErrorSum / Double(elements) }

  /// Mean over rows of the cosine of the angle between them.
  public var meanCosine: Double { rows == 0 ? 1 : cosineSum / Double(rows) }

  /// 10·log₁₀(Σr² / Σ(r − c)²) in decibels; infinite where nothing differs.
  public var signalToQuantizationNoise: Double {
    squaredErrorSum == 0 ? .infinity : Decibels.ratio(squaredReferenceSum, squaredErrorSum)
  }

  /// Share of the decisions that agree; 1 if there are none.
  public var agreement: Double { decisions == 0 ? 1 : 1 - Double(flips.count) / Double(decisions) }

  /// Compares one feed's output.
  ///
  /// - Throws: `equivalence/shape` if type or shape differ.
  public mutating func add(reference: Tensor, candidate: Tensor) throws(Diagnostic) {
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
    let width = Swift.max(1, reference.shape.last ?? 1)
    let decides = reference.rank > 1 && width > 1
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
    skippedRows += next.skippedRows
    maximumAbsoluteError = Swift.max(maximumAbsoluteError, next.maximumAbsoluteError)
    maximumRelativeError = Swift.max(maximumRelativeError, next.maximumRelativeError)
    maximumMagnitude = Swift.max(maximumMagnitude, next.maximumMagnitude)
    minimumCosine = Swift.min(minimumCosine, next.minimumCosine)
    absoluteErrorSum += next.absoluteErrorSum
    squaredErrorSum += next.squaredErrorSum
    squaredReferenceSum += next.squaredReferenceSum
    cosineSum += next.cosineSum
  }

  private mutating func addRow(_ reference: ArraySlice<Double>, _ candidate: ArraySlice<Double>, decides: Bool) {
    var (dot, left, right) = (0.0, 0.0, 0.0)
    for (r, c) in zip(reference, candidate) {
      elements += 1
      guard r.isFinite, c.isFinite else {
        notNumbers += r.isNaN || c.isNaN ? 1 : 0
        incomparable += r == c || (r.isNaN && c.isNaN) ? 0 : 1
        continue
      }
      let error = Swift.abs(r - c)
      maximumAbsoluteError = Swift.max(maximumAbsoluteError, error)
      maximumMagnitude = Swift.max(maximumMagnitude, Swift.abs(r))
      if error > 0 {
        maximumRelativeError = Swift.max(maximumRelativeError, error / Swift.max(Swift.abs(r), Swift.abs(c)))
      }
      absoluteErrorSum += error
      squaredErrorSum += error * error
      squaredReferenceSum += r * r
      dot += r * c
      left += r * r
      right += c * c
    }
    let norms = (left * right).squareRoot()
    let cosine = norms > 0 ? Swift.min(1, dot / norms) : (left == right ? 1 : 0)
    cosineSum += cosine
    minimumCosine = Swift.min(minimumCosine, cosine)
    if decides { addDecision(reference, candidate) }
    rows += 1
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
