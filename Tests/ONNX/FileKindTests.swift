import LatheDiagnostics
import LatheONNX
import Testing

@Suite struct FileKindTests {
  struct Case: Sendable {
    let bytes: [UInt8]
    let word: String

    init(_ bytes: [UInt8], _ word: String) {
      self.bytes = bytes
      self.word = word
    }
  }

  static let cases: [Case] = [
    Case([], "empty"),
    Case(text("PK\u{3}\u{4}\u{14}\0\0\0"), "zip"),
    Case([0x1f, 0x8b, 8, 0], "gzip"),
    Case([0x80, 2, 0x7d, 0x71], "pickle"),
    Case([0x89] + text("HDF\r\n"), "HDF5"),
    Case([16, 0, 0, 0, 0, 0, 0, 0] + text("{\"__metadata__\":") + [0], "safetensors"),
    Case(text("<!DOCTYPE html>\n<html><body>Sign in</body></html>"), "web page"),
    Case(text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"), "Git LFS"),
    Case(text("{\"layers\": []}"), "JSON"),
    Case(text("ir_version: 8\nopset_import {\n  version: 13\n}\n"), "text form"),
    Case(text("Once upon a time there was no model.\n"), "text file"),
    Case(text("  héllo wörld"), "text file"),
    Case([0x1c, 0, 0, 0] + text("TFL3"), "TensorFlow Lite"),
    Case(text("GGUF") + [3, 0, 0, 0], "GGUF"),
  ]

  private static func text(_ content: String) -> [UInt8] { Array(content.utf8) }

  @Test(arguments: cases)
  func otherFilesAreRecognized(file: Case) throws {
    let diagnostic = try #require(refusal(file.bytes))
    #expect(diagnostic.id == "onnx/not-a-model")
    #expect(diagnostic.message.contains(file.word), "\(diagnostic.message)")
    #expect(diagnostic.fix != nil)
  }

  @Test func aDamagedModelIsStillAModel() throws {
    let bytes = try dataFile("mlp.onnx")
    #expect(refusal(Array(bytes[..<(bytes.count / 2)]))?.id == "onnx/truncated")
  }
}
