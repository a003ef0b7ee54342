import Foundation
import LatheDiagnostics
import LatheIR
import LatheInterpreter
import LatheONNX
import LatheOperators
import LathePassKit
import LathePasses
import LatheRuntime
import LatheTensors
import LatheTestSupport
import Testing

/// The runtime against the interpreter.
@Suite struct RuntimeTests {
  static func largestError(_ one: Tensor, _ other: Tensor) throws -> Double {
    let (left, right) = (try #require(one.doubles()), try #require(other.doubles()))
    #expect(one.shape == other.shape && one.dtype == other.dtype)
    let scale = left.filter(\.isFinite).reduce(1e-30) { max($0, abs($1)) }
    return zip(left, right).reduce(0) { $0.isFinite && $1.0 == $1.1 || $1.0.isNaN && $1.1.isNaN ? $0 : max($0, abs($1.0 - $1.1) / scale) }
  }

  static let models: [String] = {
    let folder = Repository.path("Tests/Passes/Exporters/models")
    return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { !$0.contains("fp16") && !$0.hasPrefix(".") }.sorted()
  }()

  @Test(arguments: models) func exportersModelsGiveTheInterpretersResults(_ name: String) throws {
    let folder = Repository.path("Tests/Passes/Exporters/models/\(name)")
    var graph = try ONNXImporter().importModel(at: "\(folder)/model.onnx").model.graph
    var ledger = Ledger()
    try #require(Recipe.named.first { $0.name == "fuse" }).pipeline(from: .standard).run(on: &graph, ledger: &ledger)
    let runtimes = try InstructionSet.available.map { set in try [1, 3].map { try Runtime(graph, threads: $0, instructions: set) } }
    for set in 0..<2 {
      var inputs: [String: Tensor] = [:]
      for (position, id) in graph.inputs.enumerated() {
        let path = "\(folder)/test_data_set_\(set)/input_\(position).pb"
        inputs[graph[id].name] = try ONNXDatumFile.read(path: path, type: try #require(graph[id].type), limits: ResourceLimits()).datum.tensor
      }
      let expected = try Interpreter(graph).run(inputs)
      for pair in runtimes {
        #expect(try pair[0].coverage(inputs.mapValues { .tensor($0) }).kernels > 0)
        let outputs = try pair[0].run(inputs)
        for (one, other) in zip(expected, outputs) { #expect(try Self.largestError(one, other) <= 1e-5) }
        #expect(try pair[0].run(inputs) == outputs, "a second run gives other results")
        #expect(try pair[1].run(inputs) == outputs, "the results depend on the number of threads")
      }
    }
  }

  private func compare(_ text: String, _ inputs: [String: Tensor], relative: Double = 1e-5) throws {
    let graph = try GraphParser(catalog: .standard).parse(text)
    let expected = try Interpreter(graph).run(inputs)[0]
    for set in InstructionSet.available {
      for threads in [1, 2] {
        let output = try Runtime(graph, threads: threads, instructions: set).run(inputs)[0]
        #expect(try Self.largestError(expected, output) <= relative)
      }
    }
  }

  @Test(arguments: [(1, 1, 1, 1, 4), (2, 5, 3, 4, 3), (1, 30, 600, 2, 33), (2, 1, 17, 3, 16)])
  func attention(_ batch: Int, _ queries: Int, _ keys: Int, _ heads: Int, _ size: Int) throws {
    let columns = heads * size
    let (q, k) = (try Tensor.seeded(.float32, [batch, queries, columns], seed: 1), try Tensor.seeded(.float32, [batch, keys, columns], seed: 2))
    let v = try Tensor.seeded(.float32, [batch, keys, columns], seed: 3)
    let added = try Tensor((0..<batch * keys).map { $0 % 7 == 3 ? -Float.infinity : Float($0 % 3) }, shape: [batch, 1, 1, keys])
    let chosen = try Tensor((0..<batch * heads * queries * keys).map { $0 % 5 != 1 }, shape: [batch, heads, queries, keys])
    for (type, mask) in [("f32[\(batch), 1, 1, \(keys)]", added), ("bool[\(batch), \(heads), \(queries), \(keys)]", chosen)] {
      try compare(
        """
        graph (%q: f32[\(batch), \(queries), \(columns)], %k: f32[\(batch), \(keys), \(columns)], %v: f32[\(batch), \(keys), \(columns)], %m: \(type)) -> (%y) {
          %y = lathe::FusedAttention(%q, %k, %v, %m) {heads = \(heads), scale = 0.5, zero_masked_rows = 1} : f32[\(batch), \(queries), \(columns)]
        }
        """, ["q": q, "k": k, "v": v, "m": mask])
    }
  }

  @Test func oneConstantMayBeWeightsAndRecurrence() throws {
    let numbers = (0..<64).map { "0.\($0 * 7 % 64)" }.joined(separator: ", ")
    try compare(
      """
      graph (%x: f32[2, 3, 4]) -> (%y) {
        @w: f32[1, 16, 4] = [\(numbers)]
        %y = lathe::PackedLSTM(%x, @w, @w) : f32[2, 3, 4]
      }
      """, ["x": try Tensor.seeded(.float32, [2, 3, 4], seed: 1)])
  }

  @Test(arguments: LSTM.Direction.allCases, [0, 1]) func gatedUnits(_ direction: LSTM.Direction, _ isLinear: Int) throws {
    let d = direction.count
    for (batch, steps, hidden) in [(1, 1, 1), (3, 4, 5), (2, 7, 17)] {
      func numbers(_ count: Int, _ seed: UInt64) throws -> String {
        try #require(try Tensor.seeded(.float32, [count], seed: seed, in: -0.5...0.5).doubles()).map { "\($0)" }.joined(separator: ", ")
      }
      let feed = [
        "x": try Tensor.seeded(.float32, [batch, steps, 4], seed: 1),
        "n": try Tensor((0..<batch).map { Int32(($0 * 4 + 2) % (steps + 1)) }, shape: [batch]),
      ]
      for (operands, output) in [("@w, @r", "%y"), ("@w, @r, @b", "_, %y"), ("@w, @r, @b, %n", "%y"), ("@w, @r, _, %n", "_, %y")] {
        try compare(
          """
          graph (%x: f32[\(batch), \(steps), 4], %n: i32[\(batch)]) -> (%y) {
            @w: f32[\(d), \(3 * hidden), 4] = [\(try numbers(d * 12 * hidden, 2))]
            @r: f32[\(d), \(3 * hidden), \(hidden)] = [\(try numbers(d * 3 * hidden * hidden, 3))]
            @b: f32[\(d), \(6 * hidden)] = [\(try numbers(d * 6 * hidden, 4))]
            \(output) = lathe::PackedGRU(%x, \(operands)) {direction = "\(direction.rawValue)", linear_before_reset = \(isLinear)}
          }
          """, feed)
      }
    }
  }

  @Test func whatHasNoKernelIsEvaluated() throws {
    let x = try Tensor.seeded(.float32, [2, 3], seed: 1)
    try compare("graph (%x: f32[2, 3]) -> (%y) {\n  %y = Softplus(%x) : f32[2, 3]\n}", ["x": x], relative: 0)
  }

  @Test func idsOutsideTheTableAreReported() throws {
    let graph = try GraphParser(catalog: .standard).parse(
      """
      graph (%ids: i64[1, 2]) -> (%y) {
        @table: f32[2, 2] = [1.0, 2.0, 3.0, 4.0]
        @scale: f32[2] = [1.0, 1.0]
        %y = lathe::EmbeddingNormalization(@scale, _, @table, %ids) {sources = ["ids"]} : f32[1, 2, 2]
      }
      """)
    let error = try #require(throws: Diagnostic.self) {
      try Runtime(graph).run(["ids": try Tensor([0, 2] as [Int64], shape: [1, 2])])
    }
    #expect(error.category == .invalidInput)
  }
}
