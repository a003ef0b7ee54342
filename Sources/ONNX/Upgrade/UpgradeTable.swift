import LatheDiagnostics
import LatheIR
import LatheTensors

/// How the older forms of ONNX's operators become the newest one.
///
/// Made by comparing all versions from 1 to 28 of every operator in ONNX's own history; a test holds it against that. Operators
/// that are not listed only gained types, optional operands or attributes with the old meaning as default.
package enum UpgradeTable {
  /// Whether nodes of an operator in a version of the operator set are rewritten.
  package static func rewrites(_ name: String, version: Int) -> Bool {
    steps[name]?.contains { version < $0.below } ?? false
  }

  /// The steps of an operator of any domain, if it has some.
  static func steps(of name: OperatorName) -> [UpgradeStep]? {
    switch name.domain {
    case "": steps[name.name]
    case "ai.onnx.ml": classicalSteps[name.name]
    default: nil
    }
  }

  /// The steps of operators of classical machine learning, by versions of that domain.
  private static let classicalSteps = ["LabelEncoder": [UpgradeStep(below: 2, apply: Upgrades.labelClasses)]]

  /// The steps of every operator that has some, by name; each applies below a version, and they apply in order.
  static let steps: [String: [UpgradeStep]] = {
    var steps: [String: [UpgradeStep]] = [
      "Squeeze": [UpgradeStep(below: 13, apply: Upgrades.axesToInput)],
      "Unsqueeze": [UpgradeStep(below: 13, apply: Upgrades.axesToInput)],
      "ReduceSum": [UpgradeStep(below: 13, apply: Upgrades.axesToInput)],
      "Slice": [UpgradeStep(below: 10, apply: Upgrades.slice)],
      "Split": [
        UpgradeStep(below: 13, apply: Upgrades.splitToInput), UpgradeStep(below: 18, apply: Upgrades.splitCount),
      ],
      "TopK": [UpgradeStep(below: 10, apply: Upgrades.topK)],
      "Pad": [UpgradeStep(below: 2, apply: Upgrades.paddings), UpgradeStep(below: 11, apply: Upgrades.pad)],
      "Clip": [UpgradeStep(below: 11, apply: Upgrades.clip)],
      "Cast": [UpgradeStep(below: 6, apply: Upgrades.castByName)],
      "Concat": [UpgradeStep(below: 4, apply: Upgrades.concat)],
      "Gemm": [UpgradeStep(below: 7, apply: Upgrades.gemm)],
      "GlobalLpPool": [UpgradeStep(below: 2, apply: Upgrades.integerNorm)],
      "LpPool": [UpgradeStep(below: 2, apply: Upgrades.integerNorm)],
      "PRelu": [UpgradeStep(below: 7, uses: ["PRelu", "Unsqueeze"], apply: Upgrades.channelSlope)],
      "Reshape": [UpgradeStep(below: 5, apply: Upgrades.reshape)],
      "Selu": [UpgradeStep(below: 6, apply: Upgrades.selu)],
      "Tile": [UpgradeStep(below: 6, apply: Upgrades.tile)],
      "DFT": [UpgradeStep(below: 20, apply: Upgrades.fourierAxis)],
      "Dropout": [UpgradeStep(below: .max, uses: ["Identity"], apply: Upgrades.dropout)],
      "BatchNormalization": [
        UpgradeStep(below: 7, apply: Upgrades.testMode), UpgradeStep(below: 14, apply: Upgrades.batchNormalization),
      ],
      "GroupNormalization": [UpgradeStep(below: 21, apply: Upgrades.groupNormalization)],
      "Upsample": [
        UpgradeStep(below: 7, uses: ["Resize"], apply: Upgrades.upsampleExtents),
        UpgradeStep(below: 9, uses: ["Resize"], apply: Upgrades.upsampleScales),
        UpgradeStep(below: .max, uses: ["Resize"], apply: Upgrades.upsample),
      ],
      "Resize": [
        UpgradeStep(below: 11, apply: Upgrades.resize), UpgradeStep(below: 13, apply: Upgrades.resizeOperands),
      ],
      "GridSample": [UpgradeStep(below: 20, apply: Upgrades.gridSample)],
      "RoiAlign": [UpgradeStep(below: 16, apply: Upgrades.roiAlign)],
      "Scatter": [UpgradeStep(below: .max, uses: ["ScatterElements"], apply: Upgrades.scatter)],
      "Scan": [UpgradeStep(below: 9, apply: Upgrades.scan)],
    ]
    for name in ["Softmax", "LogSoftmax", "Hardmax"] {
      steps[name] = [
        UpgradeStep(below: 13, uses: [name, "Flatten", "Shape", "Reshape"], apply: Upgrades.flattenedSoftmax)
      ]
    }
    for name in ["GRU", "LSTM", "RNN"] { steps[name] = [UpgradeStep(below: 7, apply: Upgrades.recurrentOutputs)] }
    for name in ["Add", "And", "Div", "Equal", "Greater", "Less", "Mul", "Or", "Pow", "Sub", "Xor"] {
      steps[name] = [UpgradeStep(below: 7, uses: [name, "Unsqueeze"], apply: Upgrades.broadcast)]
    }
    for suffix in ["L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "SumSquare"] {
      steps["Reduce\(suffix)"] = [UpgradeStep(below: 18, apply: Upgrades.axesToInput)]
    }
    for name in Upgrades.consumers {
      steps[name] = [UpgradeStep(below: 6, apply: Upgrades.consumedInputs)] + (steps[name] ?? [])
    }
    return steps
  }()
}

/// One step from an older form of an operator to a newer one.
struct UpgradeStep: Sendable {
  typealias Rewrite = @Sendable (inout NodeDraft, UpgradeContext) throws(Diagnostic) -> Void

  /// Nodes of older versions than this are rewritten.
  let below: Int
  /// Operators the result consists of; empty for the operator itself.
  let uses: [String]
  let apply: Rewrite

  init(below: Int, uses: [String] = [], apply: @escaping Rewrite) {
    self.below = below
    self.uses = uses
    self.apply = apply
  }
}

/// The rewritings, in files by family.
enum Upgrades {}
