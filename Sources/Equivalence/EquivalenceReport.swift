import LatheJSON
import OrderedCollections

/// The comparison of two models on samples, and whether it is within a tolerance.
public struct EquivalenceReport: Sendable {
  /// Right answers of both models on labelled samples.
  public struct Accuracy: Sendable, Hashable {
    public var labelled: Int
    public var reference: Int
    public var candidate: Int

    public init(labelled: Int, reference: Int, candidate: Int) {
      self.labelled = labelled
      self.reference = reference
      self.candidate = candidate
    }

    /// Candidate minus reference, in points of a hundred.
    public var delta: Double { labelled == 0 ? 0 : 100 * Double(candidate - reference) / Double(labelled) }
  }

  /// Samples that two models with vocabularies of their own read as the same tokens.
  public struct Coverage: Sendable, Hashable {
    public var samples = 0
    /// Those whose outputs are the same to the last bit.
    public var identical = 0

    public init() {}

    /// Counts one more.
    public mutating func add(isIdentical: Bool) {
      samples += 1
      identical += isIdentical ? 1 : 0
    }
  }

  /// A bound that is not kept.
  public struct Violation: Sendable, Hashable {
    public var output: String
    public var message: String
  }

  public var samples: Int
  public var outputs: [OutputComparison]
  /// Ranks of the outputs, in the same order.
  public var ranks: [Int]
  public var accuracy: Accuracy?
  /// nil where both models read the same tokens.
  public var coverage: Coverage?
  public var tolerance: Tolerance
  /// Decisions, task by task; empty where they were not looked at.
  public var tasks: [TaskComparison] = []
  /// Differences between the models that leave a comparison without meaning, such as classes of other names.
  public var conflicts: [String] = []

  public init(samples: Int, outputs: [OutputComparison], ranks: [Int], accuracy: Accuracy?, tolerance: Tolerance) {
    self.samples = samples
    self.outputs = outputs
    self.ranks = ranks
    self.accuracy = accuracy
    self.tolerance = tolerance
  }

  public var isEquivalent: Bool { violations.isEmpty }

  /// What no bound can allow: outputs that are not numbers, nothing compared, and conflicts.
  public var faults: [Violation] {
    var found = conflicts.map { Violation(output: "", message: $0) }
    if !outputs.contains(where: { $0.elements > 0 }) {
      found.append(Violation(output: "", message: "nothing was compared: the outputs have no elements"))
    }
    for output in outputs {
      if output.notNumbers > 0 {
        found.append(Violation(output: output.name, message: "\(output.notNumbers) elements are NaN, which is equivalent to nothing"))
      }
      if output.incomparable > 0 {
        found.append(
          Violation(output: output.name, message: "\(output.incomparable) elements differ where only equality counts (strings, NaN, infinity)"))
      }
    }
    return found
  }

  /// Faults, and the bounds that are not kept, in order.
  public var violations: [Violation] {
    var found = faults
    for (output, rank) in zip(outputs, ranks) { found += violations(output, rank: rank) }
    if tolerance.needsDecisions, !tasks.isEmpty, !decides {
      found.append(Violation(output: "", message: "a bound on agreement is asked for, but no output decides anything"))
    }
    if let bound = tolerance.minimumAccuracyDelta {
      if let accuracy, accuracy.delta < bound {
        found.append(
          Violation(
            output: "", message: "accuracy changes by \(accuracy.delta) points, but at least \(bound) is asked for"))
      } else if accuracy == nil {
        found.append(Violation(output: "", message: "a bound on accuracy is asked for, but the samples have no labels"))
      }
    }
    return found
  }

  private func violations(_ output: OutputComparison, rank: Int) -> [Violation] {
    var messages: [String] = []
    if output.skippedRows > 0 {
      messages.append("\(output.skippedRows) samples are more or fewer tokens to the candidate, so that their rows cannot be compared")
    }
    let task = tasks.first { $0.task.outputs.contains(output.name) }
    if let bound = tolerance.minimumAgreement, let agreement = agreement(output, rank, task), agreement.share < bound {
      messages.append("\(agreement.total - agreement.successes) of \(agreement.total) decisions differ: agreement \(agreement.share) is under \(bound)")
    }
    let isOfNumbers = task.map { $0.task.kind == .values || $0.task.kind == .regression } ?? output.isOfSingleNumbers
    if let bound = tolerance.maximumErrorOfRange, isOfNumbers || task?.agreement?.total == 0, output.errorOfRange > bound {
      messages.append("the largest error \(output.maximumAbsoluteError) is \(output.errorOfRange) of the range of the reference's numbers, over \(bound)")
    }
    if let bound = tolerance.minimumCosine, output.minimumCosine < bound {
      messages.append("the least cosine \(output.minimumCosine) is under \(bound)")
    }
    if let bound = tolerance.maximumAbsoluteError, output.maximumAbsoluteError > bound {
      messages.append("the largest absolute error \(output.maximumAbsoluteError) is over \(bound)")
    }
    return messages.map { Violation(output: output.name, message: $0) }
  }

  /// Agreement of what an output decides; nil where it decides nothing, or where that is counted with the first output of its task.
  private func agreement(_ output: OutputComparison, _ rank: Int, _ task: TaskComparison?) -> Proportion? {
    let rows = Proportion(output.decisions - output.flips.count, of: output.decisions)
    guard let task else { return rank == 2 ? rows : nil }
    guard let agreement = task.agreement, task.task.outputs.first == output.name else { return nil }
    return agreement.total > 0 ? agreement : rows
  }

  /// Whether an output was seen to decide anything.
  private var decides: Bool {
    zip(outputs, ranks).contains { output, rank in
      (agreement(output, rank, tasks.first { $0.task.outputs.contains(output.name) })?.total ?? 0) > 0
    }
  }

  /// The report for machines.
  public var json: JSONValue {
    var object: OrderedDictionary<String, JSONValue> = [
      "equivalent": .bool(isEquivalent), "samples": .integer(Int64(samples)), "outputs": .array(zip(outputs, ranks).map { json($0, rank: $1) }),
    ]
    if !tasks.isEmpty { object["decisions"] = .array(tasks.map { $0.json(kept: 1000) }) }
    if let accuracy {
      object["accuracy"] = [
        "labelled": .integer(Int64(accuracy.labelled)), "reference": .integer(Int64(accuracy.reference)),
        "candidate": .integer(Int64(accuracy.candidate)), "delta": .number(accuracy.delta),
      ]
    }
    if let coverage {
      object["coverage"] = ["samples": .integer(Int64(coverage.samples)), "identical": .integer(Int64(coverage.identical))]
    }
    object["faults"] = .array(faults.map { .string($0.output.isEmpty ? $0.message : "\($0.output): \($0.message)") })
    object["violations"] = .array(violations.map { ["output": .string($0.output), "message": .string($0.message)] })
    return .object(object)
  }

  /// Errors are null where elements have none: NaN, and infinity on one side only.
  private func json(_ output: OutputComparison, rank: Int) -> JSONValue {
    let decided = agreement(output, rank, tasks.first { $0.task.outputs.contains(output.name) })
    func figure(_ value: Double) -> JSONValue { output.unmeasured == 0 && value.isFinite ? .number(value) : .null }
    return [
      "name": .string(output.name), "elements": .integer(Int64(output.elements)), "rows": .integer(Int64(output.rows)),
      "max_abs": figure(output.maximumAbsoluteError), "mean_abs": figure(output.meanAbsoluteError), "max_rel": figure(output.maximumRelativeError),
      "max_abs_of_range": figure(output.errorOfRange), "min_cosine": figure(output.minimumCosine), "mean_cosine": figure(output.meanCosine),
      "sqnr_db": figure(output.signalToQuantizationNoise), "decisions": .integer(Int64(output.decisions)), "agreement": .number(decided?.share ?? output.agreement),
      "flips": .array(output.flips.prefix(1000).map(Self.json)),
      "incomparable": .integer(Int64(output.incomparable)), "not_numbers": .integer(Int64(output.notNumbers)), "skipped": .integer(Int64(output.skippedRows)),
    ]
  }

  private static func json(_ flip: OutputComparison.Flip) -> JSONValue {
    [
      "row": .integer(Int64(flip.row)), "reference": .integer(Int64(flip.reference)), "candidate": .integer(Int64(flip.candidate)),
      "margin": .number(flip.margin),
    ]
  }
}
